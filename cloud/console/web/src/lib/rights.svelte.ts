// What who is logged in may do, by the aggregator's own table of roles. It decides what a
// page offers; whether something is done, the aggregator decides.
import { desk } from './desk';
import { identity } from './identity.svelte';

class Rights {
  /** By role; empty until the aggregator has said it. */
  #table = $state.raw<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
  roles = $derived([...this.#table.keys()]);
  #asked = false;

  /** Asks once for the table, where somebody is logged in. */
  async load(): Promise<void> {
    if (this.#asked || !identity.me) return;
    this.#asked = true;
    try {
      this.#table = new Map((await desk.roles()).map((r) => [r.role, new Set(r.actions)]));
    } catch {
      this.#asked = false; // with the next load
    }
  }

  /** Whether somebody may do this in some area. */
  may(action: string): boolean {
    return (identity.me?.grants ?? []).some((g) => this.#table.get(g.role)?.has(action));
  }

  /** Whether somebody may do this in every area. */
  mayEverywhere(action: string): boolean {
    return (identity.me?.grants ?? []).some((g) => g.area === '*' && this.#table.get(g.role)?.has(action));
  }
}

export const rights = new Rights();
