// Pictures that an alert names before they have come: the alert is on the screen some
// milliseconds, after an outage minutes, before its picture is at the aggregator.

const first = 300; // ms until a picture that was not there is asked for again
const most = 60_000;
const remembered = 64; // arrivals: whoever waits for one hears of it at once

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
