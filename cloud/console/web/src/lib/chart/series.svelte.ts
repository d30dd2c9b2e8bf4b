// The readings of one stream in one window of time: loaded, then followed live.
import { api, ApiError, type Gap, type Point, type StreamInfo, type Value } from '../api';
import { clock } from '../clock.svelte';
import { streamKey } from '../model';
import { bandsOf, breakAfter, noData, type Band, type Span } from './bands';
import { append } from './points';

/** As many readings as a wide screen has room for, two per step. */
const atMost = 2400;

export class SeriesView {
  stream = $state.raw<StreamInfo>();
  points = $state.raw<readonly Point[]>([]);
  gaps = $state.raw<readonly Gap[]>([]);
  window = $state.raw<Span>({ from: 0, to: 1 });
  reduced = $state(false);
  loading = $state(true);
  failed = $state(false);
  breakMs = $derived(breakAfter(this.points, this.stream?.every_ms, this.reduced));
  bands: Band[] = $derived(bandsOf(this.points, this.gaps, this.window, this.breakMs));

  readonly #id: { gateway: string; device: string; channel: string };
  readonly #key: string;
  #span = 0;
  #end: number | undefined;
  #abort: AbortController | undefined;
  #meanwhile: Value[] = [];

  constructor(id: { gateway: string; device: string; channel: string }) {
    this.#id = id;
    this.#key = streamKey(id);
  }

  /** Shows span milliseconds up to end; without an end up to now, and on from there. Returns how to stop. */
  show(span: number, end: number | undefined): () => void {
    this.#span = span;
    this.#end = end;
    this.points = [];
    this.gaps = [];
    this.#setWindow(end ?? clock.read());
    void this.load();
    return () => this.#abort?.abort();
  }

  async load(): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    this.loading = true;
    this.failed = false;
    this.#meanwhile = [];
    const { from, to } = this.window;
    try {
      const s = await api.series({ ...this.#id, from: Math.floor(from), to: Math.ceil(to), max: atMost }, abort.signal);
      if (abort.signal.aborted) return;
      this.stream = s.stream;
      this.reduced = s.reduced ?? false;
      this.points = append(s.points, this.#meanwhile, from);
      // Silence is found here too, and followed; only between thinned out readings it cannot be seen.
      const told = this.reduced ? s.gaps : s.gaps.filter((g) => g.why !== noData);
      this.gaps = [...told, ...this.gaps];
      this.loading = false;
    } catch (e) {
      if (abort.signal.aborted) return;
      this.loading = false;
      // Of what has never been stored there is nothing to load, and nothing failed.
      this.failed = !(e instanceof ApiError && e.status === 404);
    }
  }

  /** Takes what the live stream brought. */
  receive(values: readonly Value[]): void {
    if (this.#end !== undefined) return;
    const mine = values.filter((v) => streamKey(v) === this.#key);
    if (mine.length === 0) return;
    if (this.loading) this.#meanwhile.push(...mine);
    this.points = append(this.points, mine, this.window.from);
    // Live readings are not thinned out; after a while the aggregator does it again.
    if (this.reduced && !this.loading && this.points.length > 2 * atMost) void this.load();
  }

  receiveGap(g: Gap): void {
    const mine = g.gateway === this.#id.gateway && (!g.device || g.device === this.#id.device);
    if (mine && g.to > this.window.from && g.from < this.window.to) this.gaps = [...this.gaps, g];
  }

  /** Lets the window follow the time; a long one moves in larger steps, since nobody would see small ones. */
  tick(now: number): void {
    if (this.#end !== undefined || this.#span === 0) return;
    if (now - this.window.to >= Math.min(this.#span / 1800, 30_000)) this.#setWindow(now);
  }

  #setWindow(to: number): void {
    this.window = { from: to - this.#span, to };
  }
}
