// What lies below an area: names, counts, boundaries. Loaded when somebody looks there, and
// counted anew while they do.
import type { Geometry } from 'geojson';
import { areas } from '../areas.svelte';
import { desk, type Area } from '../desk';

export class Below {
  /** From the top to the area itself; empty: the city as a whole. */
  path = $state.raw<readonly string[]>([]);
  list = $state.raw<readonly Area[]>([]);
  shapes = $state.raw<ReadonlyMap<string, Geometry>>(new Map());
  loaded = $state(false);
  problem = $state.raw<unknown>();
  #turn = 0;

  /** Loads what lies below an area. A city of one district begins inside it. */
  async load(below: string): Promise<void> {
    const mine = ++this.#turn;
    try {
      let page = await desk.areas({ below, limit: 1000, shapes: 5 });
      while (page.areas.length === 1 && !page.areas[0]!.bounded && page.areas[0]!.areas > 0) {
        page = await desk.areas({ below: page.areas[0]!.code, limit: 1000, shapes: 5 });
      }
      const self = below ? await desk.area(below) : undefined;
      if (mine !== this.#turn) return;
      self?.path.forEach((c) => areas.need(c));
      if (below) areas.need(below);
      this.path = self ? [...self.path, self.code] : [];
      this.list = page.areas;
      const found = page.areas.flatMap((a) => (a.shape ? [[a.code, a.shape] as const] : []));
      if (found.length === 0 && self?.shape) found.push([self.code, self.shape]);
      this.shapes = new Map(found);
      this.problem = undefined;
    } catch (e) {
      if (mine === this.#turn) this.problem = e;
    }
    this.loaded = true;
  }

  /** Asks for the counts of what is shown. */
  async count(): Promise<void> {
    const mine = this.#turn;
    if (this.list.length === 0) return;
    try {
      const page = await desk.areas({ below: this.list[0]!.parent, limit: 1000 });
      if (mine === this.#turn) this.list = page.areas;
    } catch {
      // What is there stays; the line above the page says that the connection is lost.
    }
  }
}
