// The time as the aggregator has it: every age, length and countdown on a page is by this
// one clock, so that they are right on a screen whose own clock is wrong, and stay right
// when that is set. It moves once a second.

/** A jump of the screen's clock beside its own count by more than this is a doubt, ms. */
const jump = 2000;

export class Clock {
  now = $state(Date.now());
  #known = false; // the aggregator has said what time it is
  #base = Date.now(); // the time at
  #at = performance.now(); // this count, which nobody sets
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Takes over the aggregator's time. Small differences are the network's and are ignored. */
  set(serverNow: number) {
    if (!this.#known || Math.abs(serverNow - this.read()) > 250) this.#rebase(serverNow);
    this.#known = true;
    this.now = this.read();
  }

  /** Takes what the head of an answer says until the aggregator's time is known to the millisecond. */
  hint(date: string | null) {
    const t = date === null ? NaN : Date.parse(date);
    if (this.#known || Number.isNaN(t) || Math.abs(t - this.read()) < jump) return;
    this.#rebase(t + 500); // it names a whole second
    this.now = this.read();
  }

  /** The time at this instant. */
  read(): number {
    return this.#base + Math.round(performance.now() - this.#at);
  }

  /** Calls tick each second, and doubt when the screen slept or its clock was set: the count may have stood still. */
  start(tick: () => void, doubt: () => void) {
    let ahead = Date.now() - performance.now();
    const step = () => {
      this.now = this.read();
      const is = Date.now() - performance.now();
      if (Math.abs(is - ahead) > jump) doubt();
      ahead = is;
      tick();
      this.#timer = setTimeout(step, 1000 - (this.now % 1000));
    };
    step();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #rebase(t: number) {
    this.#base = t;
    this.#at = performance.now();
  }
}

export const clock = new Clock();
