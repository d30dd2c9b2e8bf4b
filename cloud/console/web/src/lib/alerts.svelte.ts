// The alerts the console knows: all active ones, and the past ones it has asked for.
import type { Alert, Command } from './api';
import { compareActive, comparePast, mergeAlert } from './model';
import { isUrgent, lookOf } from './severity';

/** Past alerts kept, so that a wall that runs for months does not fill its memory. */
const pastAtMost = 2000;

export type News = 'raised' | 'cleared' | 'changed';

class Alerts {
  #all = $state.raw<ReadonlyMap<string, Alert>>(new Map());
  /** There are more active ones than were loaded. */
  more = $state(false);
  /** When an alert came in that was not there before, so that it can be marked as new. */
  arrived = $state.raw<ReadonlyMap<string, number>>(new Map());

  active: Alert[] = $derived([...this.#all.values()].filter((a) => a.condition === 'active').sort(compareActive));
  past: Alert[] = $derived([...this.#all.values()].filter((a) => a.condition !== 'active').sort(comparePast));
  /** Active and seen by nobody: what the page's title counts. */
  open: Alert[] = $derived(this.active.filter((a) => !a.acknowledged));
  /** Over, but seen by nobody. */
  clearedUnseen: Alert[] = $derived(this.past.filter((a) => !a.acknowledged));

  /** The newest of each rule on each device, as the key of `about` says. */
  #about = $derived(new Map([...this.#all.values()].sort((a, b) => a.since - b.since).map((a) => [`${a.gateway}/${a.device ?? ''}/${a.rule}`, a])));

  /** The newest alert of a rule on a device that the console knows. */
  about(gateway: string, device: string, rule: string): Alert | undefined {
    return this.#about.get(`${gateway}/${device}/${rule}`);
  }

  get(id: string): Alert | undefined {
    return this.#all.get(id);
  }

  /** Takes one that the live stream brought, and says what it means to a person. */
  receive(next: Alert, now: number): News {
    const old = this.#all.get(next.id);
    const merged = this.#put([next]).get(next.id)!;
    if (merged.condition !== 'active') return old?.condition === 'active' ? 'cleared' : 'changed';
    const worse = old && lookOf(merged.severity).rank < lookOf(old.severity).rank;
    if (old && old.condition === 'active' && !worse) return 'changed';
    const recent = [...this.arrived].filter(([, t]) => now - t < 3_600_000);
    this.arrived = new Map(recent).set(next.id, now);
    return 'raised';
  }

  /** Takes what became of a command about an alert. */
  answered(command: Command): void {
    const alert = command.alert ? this.#all.get(command.alert) : undefined;
    if (alert) this.#put([{ ...alert, command }]);
  }

  put(list: readonly Alert[]): void {
    this.#put(list);
  }

  /**
   * Takes the list of active ones: any other that was active has ended meanwhile. Returns their
   * ids. With `more` the list is not all there is, and what is not on it may be active still.
   */
  setActive(list: readonly Alert[], more = false): string[] {
    const listed = new Set(list.map((a) => a.id));
    const gone = more ? [] : this.active.filter((a) => !listed.has(a.id)).map((a) => a.id);
    this.more = more;
    this.#put(list);
    return gone;
  }

  /** Removes alerts that the aggregator no longer knows. */
  drop(ids: readonly string[]): void {
    const next = new Map(this.#all);
    for (const id of ids) next.delete(id);
    this.#all = next;
  }

  /** The most severe active one that nobody has acknowledged and that is urgent. */
  get loudest(): Alert | undefined {
    return this.open.find((a) => isUrgent(a.severity));
  }

  #put(list: readonly Alert[]): ReadonlyMap<string, Alert> {
    const next = new Map(this.#all);
    for (const a of list) next.set(a.id, mergeAlert(next.get(a.id), a));
    // A little more is let in before tidying, so that it is not done each time.
    if (next.size > pastAtMost * 1.1) {
      const past = [...next.values()].filter((a) => a.condition !== 'active').sort(comparePast);
      for (const a of past.slice(pastAtMost)) next.delete(a.id);
    }
    this.#all = next;
    return next;
  }
}

export const alerts = new Alerts();
