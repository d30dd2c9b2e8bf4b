// Whether the aggregator itself is well: a page whose stream stands shows nothing wrong while
// the store takes nothing, or the broker is away and nobody can report. Asked of /healthz.
import { clock } from './clock.svelte';

/** How often it is asked, ms. What is ill is said at most this long, and one answer of 3 s, after the aggregator knows. */
export const askEvery = 10_000;

/** What a part's failure means to who looks at the page; others mean nothing to them. */
const parts = { mqtt: 'broker', store: 'store', writes: 'store', database: 'database', aggregators: 'aggregators' } as const;
export type Illness = (typeof parts)[keyof typeof parts];

/** What the lines of /healthz say is wrong, the gravest first. */
export function ills(text: string): Illness[] {
  const failing = new Set(text.split('\n').flatMap((l) => /^FAIL (\w+)/.exec(l)?.[1] ?? []));
  const found = Object.entries(parts).flatMap(([part, ill]) => (failing.has(part) ? [ill] : []));
  return [...new Set(found)];
}

export class Wellness {
  /** What is wrong, with since when it is known here, in the aggregator's time. */
  ills = $state.raw<ReadonlyMap<Illness, number>>(new Map());
  /** No gateway can be heard: what was last heard of any of them says nothing of the present. */
  deaf = $derived(this.ills.has('broker'));
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Asks at once and then again and again, until the returned function is called. */
  follow(get: typeof fetch = fetch): () => void {
    const ask = () => void this.ask(get);
    ask();
    this.#timer = setInterval(ask, askEvery);
    return () => clearInterval(this.#timer);
  }

  async ask(get: typeof fetch): Promise<void> {
    try {
      const answer = await get('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(askEvery - 1000) });
      if (answer.status === 200 || answer.status === 503) this.take(ills(await answer.text()));
    } catch {
      // No answer is the connection's affair, which the page says by itself.
    }
  }

  take(list: readonly Illness[]): void {
    if (list.length === 0 && this.ills.size === 0) return;
    this.ills = new Map(list.map((i) => [i, this.ills.get(i) ?? clock.read()]));
  }
}

export const wellness = new Wellness();
