// Shows a past span again: what was known of it, and which moment of it is shown.
import { query, request } from '../api';
import { router } from '../router.svelte';
import { bars, changes, countUntil, momentOf, nextChange, readReplay, withReplay, type Recording, type Span } from './replay';

export const speeds = [1, 10, 60, 300] as const;
/** How often the moment moves on while it plays, ms. */
const beat = 200;
/** The address follows the moment after this, ms: browsers take only so many changes of it. */
const written = 400;

export class Player {
  span = $state.raw<Span>();
  recording = $state.raw<Recording>();
  problem = $state.raw<unknown>();
  at = $state(0);
  playing = $state(false);
  speed = $state<number>(60);
  times = $derived(this.recording ? changes(this.recording) : []);
  /** Between two changes nothing is told anew. */
  #past = $derived(countUntil(this.times, this.at, (t) => t));
  moment = $derived(this.recording && momentOf(this.recording, this.times[this.#past - 1] ?? this.recording.from));
  bars = $derived(this.recording ? bars(this.recording) : []);

  #area = '';
  #turn = 0;
  #soon = false; // it plays as soon as it is there
  #timer: ReturnType<typeof setInterval> | undefined;
  #noting: ReturnType<typeof setTimeout> | undefined;

  /** Goes to a span, and plays it. */
  show(span: Span): void {
    this.#soon = true;
    router.go(`/?${withReplay(router.query, span)}`);
  }

  /** Goes back to the present. */
  leave(): void {
    const q = withReplay(router.query).toString();
    router.go(q ? `/?${q}` : '/');
  }

  /** Does what the address says. With very much in a span, only what is in the area is told. */
  follow(q: URLSearchParams): void {
    const wanted = readReplay(q);
    if (!wanted) {
      this.close();
      return;
    }
    const area = q.get('area') ?? '';
    const other = wanted.from !== this.span?.from || wanted.to !== this.span.to;
    if (!other && !(this.recording?.more && area !== this.#area)) {
      if (!this.playing && q.has('at')) this.at = wanted.at;
      return;
    }
    if (other) {
      this.close();
      this.span = { from: wanted.from, to: wanted.to };
      this.at = wanted.at;
    }
    void this.load(area);
  }

  close(): void {
    this.pause();
    clearTimeout(this.#noting);
    this.#turn++;
    this.#area = '';
    this.span = this.recording = this.problem = undefined;
  }

  /** Asks for the span; where not all of it fits into an answer, for that of the area alone. */
  async load(area = this.#area): Promise<void> {
    const mine = ++this.#turn;
    const { from, to } = this.span!;
    this.problem = undefined;
    try {
      let told = await request<Recording>(`/replay${query({ from, to })}`);
      if (told.more && area) told = await request<Recording>(`/replay${query({ from, to, area })}`);
      if (mine !== this.#turn) return;
      this.#area = area;
      this.recording = told;
      if (this.#soon) this.play();
      this.#soon = false;
    } catch (e) {
      if (mine === this.#turn) this.problem = e;
    }
  }

  play(): void {
    if (!this.recording || this.playing) return;
    if (this.at >= this.recording.to) this.at = this.recording.from;
    this.playing = true;
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.at = Math.min(this.at + (now - last) * this.speed, this.recording!.to);
      last = now;
      if (this.at === this.recording!.to) this.pause();
    }, beat);
  }

  pause(): void {
    if (!this.playing) return;
    clearInterval(this.#timer);
    this.playing = false;
    this.#note();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(at: number): void {
    if (!this.span) return;
    this.at = Math.min(Math.max(Math.round(at), this.span.from), this.span.to);
    this.#note();
  }

  /** To the next change, or the one before. */
  step(by: 1 | -1): void {
    if (this.span) this.seek(nextChange(this.times, this.span, this.at, by));
  }

  /** Has the address say which moment is shown, so that it can be sent to others. */
  #note(): void {
    clearTimeout(this.#noting);
    this.#noting = setTimeout(() => {
      if (this.span && !this.playing && router.query.has('replay')) router.setQuery({ at: String(Math.round(this.at)) });
    }, written);
  }
}

export const player = new Player();
