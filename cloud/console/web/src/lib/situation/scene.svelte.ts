// What the situation shows of what is selected: as it is, or as it was.
import { alerts } from '../alerts.svelte';
import type { Alert } from '../api';
import { areas } from '../areas.svelte';
import { clock } from '../clock.svelte';
import type { Area, AreaCounts } from '../desk';
import { fleet, type GatewayCell } from '../fleet.svelte';
import type { Point } from '../map/points';
import { worse } from '../severity';
import { touches } from './lanes';
import { player } from './player.svelte';
import { selection } from './selection.svelte';

const hour = 3_600_000;

export interface Scene {
  /** The moment that is shown, Unix ms; undefined: the present. */
  then: number | undefined;
  /** What is active, of the selection. */
  current: readonly Alert[];
  /** Over, but seen by nobody. */
  ended: readonly Alert[];
  /** What the timeline has, between from and to. */
  courses: readonly Alert[];
  from: number;
  to: number;
  points: readonly Point[];
  /** Gateways that nobody knows the place of. */
  placeless: number;
  counts: (a: Area) => Pick<AreaCounts, 'worst' | 'alerts' | 'cases' | 'devices' | 'silent' | 'faulty'>;
}

function worstByGateway(list: readonly Alert[]): ReadonlyMap<string, string> {
  const worst = new Map<string, string>();
  for (const a of list) worst.set(a.gateway, worse(worst.get(a.gateway) ?? '', a.severity));
  return worst;
}

const point = (g: GatewayCell, worst: string, online: boolean, bad: number): Point[] =>
  g.info.position ? [{ id: g.id, name: g.info.name || g.id, at: g.info.position, worst, online, bad }] : [];

class Present implements Scene {
  readonly then = undefined;
  current = $derived(alerts.active.filter(selection.inside));
  ended = $derived(alerts.clearedUnseen.filter(selection.inside));
  // The axis moves on every ten seconds: what is drawn need not be laid out anew each second.
  to = $derived(Math.ceil(clock.now / 10_000) * 10_000);
  from = $derived(this.to - selection.hours * hour);
  courses = $derived([...alerts.active, ...alerts.past].filter((a) => selection.inside(a) && touches(a, this.from, this.to)));
  #worst = $derived(worstByGateway(alerts.active));
  points = $derived(fleet.gateways.flatMap((g) => point(g, this.#worst.get(g.id) ?? '', g.info.online, g.info.online ? g.summary.bad : 0)));
  placeless = $derived(fleet.gateways.length - this.points.length);
  counts = (a: Area) => a.counts;
}

/** Counts of nothing. */
const none = { worst: '', alerts: 0, cases: 0, devices: 0, silent: 0, faulty: 0 };

class Past implements Scene {
  // Whole seconds: rows that say for how long need not be drawn more often.
  then = $derived(Math.floor(player.at / 1000) * 1000);
  current = $derived(player.moment?.alerts.filter(selection.inside) ?? []);
  readonly ended: readonly Alert[] = [];
  from = $derived(player.span?.from ?? 0);
  to = $derived(player.span?.to ?? 1);
  courses = $derived(player.bars.filter((a) => selection.inside(a) && touches(a, this.from, this.to)));
  #worst = $derived(worstByGateway(player.moment?.alerts ?? []));
  /** Gateways of which nothing was known then are not on the map: a mark would say how they were. */
  #known = $derived(fleet.gateways.filter((g) => player.moment?.online.has(g.id) || this.#worst.has(g.id)));
  points = $derived(this.#known.flatMap((g) => point(g, this.#worst.get(g.id) ?? '', player.moment?.online.get(g.id) ?? true, 0)));
  placeless = $derived(this.#known.length - this.points.length);
  #sums = $derived.by(() => {
    const sums = new Map<string, typeof none>();
    for (const a of player.moment?.alerts ?? []) {
      for (const code of areas.around(a.area ?? '')) {
        const sum = sums.get(code) ?? none;
        sums.set(code, { ...sum, alerts: sum.alerts + 1, worst: worse(sum.worst, a.severity) });
      }
    }
    return sums;
  });
  counts = (a: Area) => this.#sums.get(a.code) ?? none;
}

export const present: Scene = new Present();
export const past: Scene = new Past();
