// Pictures that an alert names before they have come: the alert is on the screen some
// milliseconds, after an outage minutes, before its picture is at the aggregator.

import type { Health } from './api';

const first = 300; // ms until a picture that was not there is asked for again
const most = 60_000;
const remembered = 64; // arrivals: whoever waits for one hears of it at once

/** For how long a picture of which nothing was heard is said to be on its way, in ms. */
export const patience = 60 * 60_000;

/** How long to wait before picture is asked for once more, after so many tries in vain. */
export const pause = (tries: number): number => Math.min(first * 2 ** (tries - 1), most);

class Arrivals {
  #ids = $state.raw<ReadonlySet<string>>(new Set());

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Notes that the aggregator has a picture now. */
  add(id: string): void {
    if (this.#ids.has(id)) return;
    this.#ids = new Set([...[...this.#ids].slice(1 - remembered), id]);
  }
}

export const arrivals = new Arrivals();

/** Pictures of which a gateway just said that they never come, and why. */
class Absences {
  #why = $state.raw<ReadonlyMap<string, string>>(new Map());

  why(id: string): string | undefined {
    return this.#why.get(id);
  }

  add(ids: readonly string[], why: string): void {
    this.#why = new Map([...this.#why, ...ids.map((id) => [id, why] as const)].slice(-4 * remembered));
  }
}

export const absences = new Absences();

/** Whether a gateway says that pictures of alerts wait until its byte budget has room for them. */
export const holds = (health: readonly Health[] | null | undefined): boolean =>
  !!health?.some((h) => h.id === 'uplink-pictures');

/** What is to be said of a picture that is not there: what term group `missing` has words for, or none. */
export function absence(
  why: string | undefined,
  due: number | undefined,
  now: number,
  held = false,
): 'coming' | 'held' | 'overdue' | 'never' {
  if (why) return 'never';
  if (held && (due === undefined || now >= due)) return 'held';
  return due !== undefined && now - due > patience ? 'overdue' : 'coming';
}
