// The time as the aggregator has it, so that ages are right on a screen whose
// own clock is wrong. It moves once a second.

class Clock {
  now = $state(Date.now());
  #offset = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Takes over the aggregator's time. Small differences are the network's and are ignored. */
  set(serverNow: number) {
    const offset = serverNow - Date.now();
    if (Math.abs(offset - this.#offset) > 250) this.#offset = offset;
    this.now = this.read();
  }

  /** The time at this instant. */
  read(): number {
    return Date.now() + this.#offset;
  }

  start(tick: () => void) {
    const step = () => {
      this.now = this.read();
      tick();
      this.#timer = setTimeout(step, 1000 - (this.now % 1000));
    };
    step();
  }

  stop() {
    clearTimeout(this.#timer);
  }
}

export const clock = new Clock();
