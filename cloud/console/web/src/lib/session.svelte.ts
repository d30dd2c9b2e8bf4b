// Brings everything together: loads what is, follows what changes, and tells
// people about it.
import { announcer } from './announce.svelte';
import { alerts } from './alerts.svelte';
import { api, ApiError, door, refusal, type Alert, type Camera, type Command, type Gap, type Gateway, type Info, type Missing, type Value } from './api';
import { cases } from './cases.svelte';
import { clock } from './clock.svelte';
import type { Case } from './desk';
import { fleet } from './fleet.svelte';
import { identity } from './identity.svelte';
import { read } from './legible';
import { openLive, type Phase } from './live';
import { absences, arrivals } from './pictures.svelte';
import { settings, t, word } from './settings.svelte';
import { isUrgent } from './severity';
import { dueAgain, muteFor, Siren } from './sound';
import type { ServerEvent } from './sse';
import { center } from './times.svelte';
import { alertText, gatewayName, stageWord } from './words';

/** A connection that was away longer than this may have missed more than the aggregator can replay. */
const replayable = 10_000;
const pastAtStart = 50;
/** Of more active alerts than this the newest are loaded, and those that are urgent. */
const activeAtMost = 5000;
/** What the aggregator says to who has no right to see anything. */
const nothingToSee = 'E7205';

type ValueListener = (values: readonly Value[]) => void;
type GapListener = (gap: Gap) => void;

class Session {
  phase = $state<Phase>('connecting');
  /** When anything last came from the aggregator, heartbeats included, in its time. */
  lastMessage = $state(0);
  /** When the connection was lost, in the aggregator's time; 0 while it stands. */
  lostAt = $state(0);
  loaded = $state(false);
  /** The newest readings are there, too: a city has so many that they come after what must be seen first. */
  valued = $state(false);
  /** The last attempt to load everything did not succeed. */
  failing = $state(false);
  /** Who is logged in may see nothing of it. */
  denied = $state(false);
  info = $state.raw<Info | undefined>(undefined);
  /** Whether sounds can be heard: the browser wants a click first. */
  soundReady = $state(false);

  #siren = new Siren();
  #lastSiren = 0;
  #fresher = new Set<string>();
  #loading = false;
  #frame = false;
  #valueListeners = new Set<ValueListener>();
  #gapListeners = new Set<GapListener>();
  #close: (() => void) | undefined;

  start(): () => void {
    clock.start(
      () => this.#tick(),
      () => this.loaded && void this.load(),
    );
    identity.onChange = () => (identity.admitted ? this.#follow() : this.#leave());
    this.#follow();
    return () => {
      this.#leave();
      clock.stop();
    };
  }

  /** Follows what happens, unless it does already. */
  #follow(): void {
    if (this.#close) return;
    this.#close = openLive({
      url: api.streamURL,
      onAlive: () => (this.lastMessage = clock.read()),
      onOpen: (downMs) => {
        if (downMs > replayable || !this.loaded) void this.load();
      },
      onPhase: (p) => this.#setPhase(p),
      onEvent: (e) => this.#receive(e),
      onRefused: (answer) => void refusal(answer).then((e) => this.#refused(e)),
    });
  }

  #leave(): void {
    this.#close?.();
    this.#close = undefined;
  }

  /** Who is logged in may see nothing of it; the stream tries on, and stands once they may. */
  #refused(e: ApiError): void {
    if (e.id === nothingToSee) this.denied = true;
    else door.onRefused(e);
  }

  /** Loads all there is. Tries again by itself until it has succeeded. */
  async load(): Promise<void> {
    if (this.#loading || !identity.admitted) return;
    this.#loading = true;
    try {
      this.#fresher.clear();
      await this.#loadFirst();
      await this.#loadRest();
      this.failing = this.denied = false;
      this.lastMessage = clock.now;
    } catch (e) {
      this.#failed(e);
    } finally {
      this.#loading = false;
    }
  }

  /** What must be seen first: the alerts, and whose they are. */
  async #loadFirst(): Promise<void> {
    const [info, active, gateways] = await Promise.all([api.info(), api.activeAlerts(activeAtMost), api.gateways()]);
    this.info = info;
    center.zone = info.time_zone ?? '';
    void identity.meet(info).then(() => cases.load());
    clock.set(info.now);
    fleet.setGateways(gateways, this.#fresher);
    fleet.summarize(clock.now);
    const ended = alerts.setActive(active.alerts, active.more);
    void this.#ask(ended);
    this.loaded = true;
  }

  async #loadRest(): Promise<void> {
    const [values, past, cameras] = await Promise.all([
      api.values(),
      // Without these two the rest is still worth seeing.
      api.alerts({ state: 'past', limit: pastAtStart }).catch(() => []),
      api.cameras().catch(() => []),
    ]);
    clock.set(values.now);
    fleet.queue(values.values);
    fleet.flush();
    fleet.setCameras(cameras);
    fleet.summarize(clock.now);
    alerts.put(past);
    this.valued = true;
  }

  #failed(e: unknown) {
    this.failing = true;
    this.denied = e instanceof ApiError && e.id === nothingToSee;
    if (identity.admitted) setTimeout(() => void this.load(), 2000);
  }

  /** Asks how alerts ended that were active before and are not listed any more. */
  async #ask(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const a = await api.alert(id).catch((e: unknown) => e);
      if (a instanceof Error) {
        if ('status' in a && a.status === 404) alerts.drop([id]);
      } else alerts.put([a as Alert]);
    }
  }

  /** Calls f with every batch of values as it arrives, until the returned function is called. */
  onValues(f: ValueListener): () => void {
    this.#valueListeners.add(f);
    return () => this.#valueListeners.delete(f);
  }

  onGap(f: GapListener): () => void {
    this.#gapListeners.add(f);
    return () => this.#gapListeners.delete(f);
  }

  /** Turns sounds on or off; to be called from a click or a key press. */
  async toggleSound(): Promise<void> {
    if (settings.sound && this.soundReady && !this.muted) {
      settings.setSound(false);
      return;
    }
    settings.setSound(true);
    this.soundReady = await this.#siren.enable();
    settings.setMuted(0);
    this.#play(alerts.loudest?.severity ?? 'yellow');
    this.#lastSiren = clock.read();
  }

  /** Until when sounds are muted, in Unix milliseconds; 0: they are not. */
  get muted(): number {
    return settings.mutedUntil > clock.now ? settings.mutedUntil : 0;
  }

  /** No sounds for ten minutes, or sounds again. */
  mute(on: boolean): void {
    settings.setMuted(on ? clock.read() + muteFor : 0);
  }

  /** Plays a level as loud as it would be; to be called from a click or a key press. */
  async tryOut(severity: string): Promise<void> {
    this.soundReady = await this.#siren.enable();
    this.#siren.play(severity, settings.volume);
  }

  #play(severity: string): void {
    if (!this.muted) this.#siren.play(severity, settings.volume);
  }

  /** The first touch of the page is what browsers wait for; nothing is played for it. */
  async wakeSound(): Promise<void> {
    if (settings.sound && !this.soundReady) this.soundReady = await this.#siren.enable();
  }

  #setPhase(p: Phase) {
    const was = this.phase;
    this.phase = p;
    if (p === 'live') {
      if (was !== p && this.lostAt) announcer.say(t('conn.back'));
      this.lostAt = 0;
    } else if (was === 'live') this.lostAt = clock.read();
    if (p === 'offline') {
      this.lostAt ||= clock.read();
      announcer.say(t('conn.lost'));
    }
  }

  #receive(e: ServerEvent) {
    if (e.event === 'resync') {
      void this.load();
      return;
    }
    let data: unknown;
    try {
      data = read(e.data);
    } catch {
      return; // half an event helps nobody; the next one is whole
    }
    switch (e.event) {
      case 'values':
        this.#values((data as { values?: Value[] }).values ?? []);
        break;
      case 'alert':
        this.#alert(data as Alert);
        break;
      case 'gateway': {
        const g = data as Gateway;
        this.#fresher.add(g.id);
        fleet.setGateway(g);
        break;
      }
      case 'case':
        cases.receive(data as Case);
        break;
      case 'command':
        alerts.answered(data as Command);
        break;
      case 'image':
        this.#image(data as Camera);
        break;
      case 'missing':
        this.#missing(data as Missing);
        break;
      case 'gap':
        for (const f of this.#gapListeners) f(data as Gap);
        break;
      case 'hello':
        clock.set((data as { now: number }).now);
        break;
    }
  }

  #image(c: Camera) {
    if (c.image) arrivals.add(c.image);
    fleet.setCamera(c);
  }

  #missing(m: Missing) {
    absences.add(m.images ?? [], m.why);
  }

  #values(values: readonly Value[]) {
    fleet.queue(values);
    for (const f of this.#valueListeners) f(values);
    if (this.#frame) return;
    this.#frame = true;
    const show = () => {
      this.#frame = false;
      fleet.flush();
    };
    // A page in the background has no frames, yet its ages and counts must hold.
    if (document.hidden) setTimeout(show, 1000);
    else requestAnimationFrame(show);
  }

  #alert(a: Alert) {
    const news = alerts.receive(a, clock.read());
    if (news === 'changed') return;
    const what = alertText(a).text;
    const where = gatewayName(a.gateway);
    if (news === 'cleared') {
      announcer.say(t('announce.cleared', { what, where }));
      return;
    }
    const stage = stageWord(a);
    const level = word('severity', a.severity);
    announcer.say(t('announce.new', { stage, level, what, where }), isUrgent(a.severity));
    if (!settings.sound || a.acknowledged) return;
    this.#play(a.severity);
    if (isUrgent(a.severity)) this.#lastSiren = clock.read();
  }

  #tick() {
    fleet.summarize(clock.now);
    if (!settings.sound || !identity.admitted) return;
    this.soundReady = this.#siren.ready;
    const loudest = alerts.loudest;
    if (dueAgain(loudest?.severity, this.#lastSiren, clock.now)) {
      this.#lastSiren = clock.now;
      this.#play('red');
    }
  }
}

export const session = new Session();
