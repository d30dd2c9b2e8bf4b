// The cases that are open, and those that were closed while the console looked.
import { areas } from './areas.svelte';
import { bundle, compareCases, type Viewer } from './cases';
import { desk, type Case } from './desk';
import { identity } from './identity.svelte';
import { rights } from './rights.svelte';

const pageSize = 500;
/** More than this many open cases are counted and not shown. */
const atMost = 5000;
/** Closed ones kept, so that a wall that runs for months does not fill its memory. */
const closedAtMost = 500;

class Cases {
  #all = $state.raw<ReadonlyMap<string, Case>>(new Map());
  loaded = $state(false);
  /** The last attempt to load them failed. */
  failed = $state.raw<unknown>(undefined);
  /** There are more than are shown. */
  more = $state(false);
  /** Rises with each load, so that a page knows that there may be news. */
  loads = $state(0);

  open: Case[] = $derived([...this.#all.values()].filter((c) => c.state !== 'closed').sort(compareCases));
  bundles = $derived(bundle(this.open));
  unseen = $derived(this.bundles.filter((b) => b.head.state === 'raised').length);
  viewer: Viewer = $derived({
    person: identity.me?.person ?? '',
    departments: new Set(areas.departments.filter((d) => d.members?.includes(identity.me?.person ?? '')).map((d) => d.id)),
  });

  #loading = false;
  /** What came in while all were being loaded: the list may be older. */
  #fresh = new Set<string>();

  get(id: string): Case | undefined {
    return this.#all.get(id);
  }

  /** Loads all open ones, where there are accounts and somebody is logged in. */
  async load(): Promise<void> {
    if (this.#loading || !identity.me || !identity.admitted) return;
    this.#loading = true;
    this.#fresh.clear();
    void rights.load();
    void areas.needDepartments();
    try {
      const list: Case[] = [];
      let after = '';
      do {
        const page = await desk.cases({ state: 'open', limit: pageSize, after });
        list.push(...page.cases);
        after = page.next;
      } while (after && list.length < atMost);
      this.more = after !== '';
      this.#replace(list);
      this.loaded = true;
      this.failed = undefined;
      this.loads++;
    } catch (e) {
      this.failed = e;
    } finally {
      this.#loading = false;
    }
  }

  /** Takes one as the live stream or an answer brought it; what is older than what is known is left. */
  receive(c: Case): void {
    const old = this.#all.get(c.id);
    if (old && old.version > c.version) return;
    this.#fresh.add(c.id);
    const next = new Map(this.#all).set(c.id, c);
    const closed = [...next.values()].filter((x) => x.state === 'closed');
    if (closed.length > closedAtMost * 1.1) {
      closed.sort((a, b) => b.touched - a.touched);
      for (const x of closed.slice(closedAtMost)) next.delete(x.id);
    }
    this.#all = next;
  }

  /** Takes the list of open ones: any other that was open is not any more, unless it came in meanwhile. */
  #replace(list: readonly Case[]): void {
    const next = new Map([...this.#all].filter(([id, c]) => c.state === 'closed' || this.#fresh.has(id)));
    for (const c of list) {
      const old = this.#all.get(c.id);
      next.set(c.id, old && old.version > c.version ? old : c);
    }
    this.#all = next;
  }
}

export const cases = new Cases();
