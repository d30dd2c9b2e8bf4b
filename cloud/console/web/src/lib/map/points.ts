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

interface Sum {
  worst: string;
  away: number;
  bad: number;
}

export const deepest = 18;

/** The marks of points, by window and zoom. */
export class Marks {
  #index = new Supercluster<{ point: Point }, Sum>({
    radius: 56,
    maxZoom: deepest,
    map: ({ point: p }) => ({ worst: p.worst, away: p.online ? 0 : 1, bad: p.bad }),
    reduce: (sum, more) => {
      sum.worst = worse(sum.worst, more.worst);
      sum.away += more.away;
      sum.bad += more.bad;
    },
  });

  constructor(points: readonly Point[]) {
    this.#index.load(
      points.map((point) => ({
        type: 'Feature',
        properties: { point },
        geometry: { type: 'Point', coordinates: [point.at.lon, point.at.lat] },
      })),
    );
  }

  /** The marks in a window of west, south, east and north. */
  within(window: [number, number, number, number], zoom: number): Mark[] {
    return this.#index.getClusters(window, Math.round(zoom)).map((f) => {
      const [lon, lat] = f.geometry.coordinates as [number, number];
      const p = f.properties;
      if (!('cluster' in p)) return single(p.point);
      const apart = this.#index.getClusterExpansionZoom(p.cluster_id);
      const all = apart > deepest ? this.#index.getLeaves(p.cluster_id, 100).map((l) => l.properties.point) : undefined;
      // Ids of the library change with every new point; the place and number hardly do.
      return {
        key: `${zoom}/${lon.toFixed(5)},${lat.toFixed(5)}/${p.point_count}`,
        at: { lat, lon },
        n: p.point_count,
        worst: p.worst,
        away: p.away,
        bad: p.bad,
        apart,
        all,
      };
    });
  }
}

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
