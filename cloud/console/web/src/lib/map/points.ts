// What a map shows of gateways: points, and near ones together as one. The worst of them is
// what people have to see; how many are away comes next.
import Supercluster from 'supercluster';
import type { Position } from '../api';
import { worse } from '../severity';

/** A gateway on the map. */
export interface Point {
  id: string;
  name: string;
  at: Position;
  /** The worst severity of its active alerts; empty: it has none. */
  worst: string;
  online: boolean;
  /** Devices that do not answer, or have a fault. */
  bad: number;
}

/** One mark: a gateway, or several that stand too near to each other to be told apart. */
export interface Mark {
  key: string;
  at: Position;
  n: number;
  worst: string;
  away: number;
  bad: number;
  /** Of a single one. */
  point?: Point;
  /** Of several: the zoom at which they come apart. */
  apart?: number;
  /** Of several that stand at one place: who they are, at most a hundred. */
  all?: Point[];
}

export const deepest = 18;

/**
 * The marks of points, by window and zoom. What stands together depends on the places alone, so
 * that an alert or a gateway that goes away costs no new index: states are summed when asked for.
 */
export class Marks {
  #points: readonly Point[];
  #members = new Map<number, readonly number[]>();
  #index = new Supercluster<{ nth: number }, Record<never, never>>({ radius: 56, maxZoom: deepest });

  constructor(points: readonly Point[]) {
    this.#points = points;
    this.#index.load(
      points.map(({ at }, nth) => ({
        type: 'Feature',
        properties: { nth },
        geometry: { type: 'Point', coordinates: [at.lon, at.lat] },
      })),
    );
  }

  /** Takes the states of the same points in the same places; false: it cannot, they are others. */
  update(points: readonly Point[]): boolean {
    const same = points.length === this.#points.length && points.every((p, i) => stands(p, this.#points[i]!));
    if (same) this.#points = points;
    return same;
  }

  /** The marks in a window of west, south, east and north. */
  within(window: [number, number, number, number], zoom: number): Mark[] {
    return this.#index.getClusters(window, Math.round(zoom)).map((f) => {
      const [lon, lat] = f.geometry.coordinates as [number, number];
      const p = f.properties;
      if (!('cluster' in p)) return single(this.#points[p.nth]!);
      const members = this.#of(p.cluster_id);
      const apart = this.#index.getClusterExpansionZoom(p.cluster_id);
      return {
        // Ids of the library change with every new point; the place and number hardly do.
        key: `${zoom}/${lon.toFixed(5)},${lat.toFixed(5)}/${p.point_count}`,
        at: { lat, lon },
        n: p.point_count,
        ...this.#sum(members),
        apart,
        all: apart > deepest ? members.slice(0, 100).map((i) => this.#points[i]!) : undefined,
      };
    });
  }

  /** Who stands in a cluster. */
  #of(cluster: number): readonly number[] {
    let members = this.#members.get(cluster);
    if (!members) {
      members = this.#index.getLeaves(cluster, Infinity).map((l) => l.properties.nth);
      this.#members.set(cluster, members);
    }
    return members;
  }

  #sum(members: readonly number[]): Pick<Mark, 'worst' | 'away' | 'bad'> {
    const sum = { worst: '', away: 0, bad: 0 };
    for (const i of members) {
      const p = this.#points[i]!;
      sum.worst = worse(sum.worst, p.worst);
      sum.away += p.online ? 0 : 1;
      sum.bad += p.bad;
    }
    return sum;
  }
}

const stands = (p: Point, was: Point) => p.id === was.id && p.at.lat === was.at.lat && p.at.lon === was.at.lon;

function single(point: Point): Mark {
  return { key: point.id, at: point.at, n: 1, worst: point.worst, away: point.online ? 0 : 1, bad: point.bad, point };
}

/** West, south, east, north around everything; undefined: there is nothing. */
export function around(places: Iterable<Position>): [number, number, number, number] | undefined {
  let box: [number, number, number, number] | undefined;
  for (const { lat, lon } of places) {
    box = box
      ? [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)]
      : [lon, lat, lon, lat];
  }
  return box;
}
