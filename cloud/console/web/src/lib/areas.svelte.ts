// Names of areas and departments by their codes, asked for when somebody wants to read them.
import { ApiError, type Texts } from './api';
import { desk, type Area, type Department } from './desk';
import { pick } from './i18n/translate';
import { settings } from './settings.svelte';

interface Known {
  level: string;
  name: Texts;
  /** Codes of the areas above, the highest first. */
  path: readonly string[];
}

class Areas {
  #known = $state.raw<ReadonlyMap<string, Known>>(new Map());
  /** As it was last loaded, each area after the one that it lies in. */
  tree = $state.raw<readonly Area[]>([]);
  departments = $state.raw<readonly Department[]>([]);
  #asked = new Set<string>();
  #askedDepartments = false;
  #askedTree = false;

  /** The area's name; its code until that is known, or where there is no such area. */
  name(code: string): string {
    return pick(settings.language, this.#known.get(code)?.name)?.text ?? code;
  }

  /** The names from the district down to the area itself. */
  way(code: string): string[] {
    const known = this.#known.get(code);
    if (!known) return [code];
    const above = known.path.filter((c) => c.length > 4 && this.#known.has(c));
    return [...above, code].map((c) => this.name(c));
  }

  /** Whether an area is another one or lies in it. */
  within(code: string, area: string): boolean {
    return code === area || !!this.#known.get(code)?.path.includes(area);
  }

  /** The codes of an area and of those that it lies in. */
  around(code: string): readonly string[] {
    return code ? [...(this.#known.get(code)?.path ?? []), code] : [];
  }

  /** Sees to it that the name of an area becomes known, and those above it. */
  need(code: string): void {
    if (!code || this.#asked.has(code)) return;
    this.#asked.add(code);
    desk.area(code).then(
      (a) => {
        const next = new Map(this.#known);
        // An old code is answered by the area that took its place.
        for (const c of new Set([code, a.code])) next.set(c, { level: a.level, name: a.name, path: a.path });
        this.#known = next;
        a.path.forEach((c) => this.need(c));
      },
      // What there is not stays a code; what could not be asked is asked again.
      (e: unknown) => e instanceof ApiError || this.#asked.delete(code),
    );
  }

  /** Loads the tree from the top, as far as one may see it and at most 5000 areas; once, or anew. */
  async needTree(anew = false): Promise<void> {
    if (this.#askedTree && !anew) return;
    this.#askedTree = true;
    const list: Area[] = [];
    try {
      let after = '';
      do {
        const page = await desk.areas({ depth: 6, limit: 1000, after });
        list.push(...page.areas);
        after = page.next;
      } while (after && list.length < 5000);
      this.tree = list;
      this.#learn(list);
    } catch (e) {
      this.#askedTree = false;
      throw e;
    }
  }

  #learn(list: readonly Area[]): void {
    const by = new Map(list.map((a) => [a.code, a]));
    const next = new Map(this.#known);
    for (const a of list) {
      const path: string[] = [];
      for (let up = a.parent; up && path.length < 8; up = by.get(up)?.parent ?? '') path.unshift(up);
      next.set(a.code, { level: a.level, name: a.name, path });
      this.#asked.add(a.code);
    }
    this.#known = next;
  }

  department(id: string): Department | undefined {
    return this.departments.find((d) => d.id === id);
  }

  departmentName(id: string): string {
    return pick(settings.language, this.department(id)?.name)?.text ?? id;
  }

  /** Sees to it that the departments are known, to whoever may see them; anew: also if they were asked for before. */
  async needDepartments(anew = false): Promise<void> {
    if (this.#askedDepartments && !anew) return;
    this.#askedDepartments = true;
    try {
      this.departments = await desk.departments();
    } catch (e) {
      if (!(e instanceof ApiError)) this.#askedDepartments = false;
    }
  }
}

export const areas = new Areas();
