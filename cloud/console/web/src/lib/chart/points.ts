// Readings as a chart wants them. Pure.
import type { Point, Value } from '../api';
import type { Band } from './bands';

/** A reading that cannot be relied on, with the place where its sign is drawn. */
export interface Mark {
  t: number;
  v: number;
  kind: 'suspect' | 'fail';
}

export interface Columns {
  /** Seconds, as uPlot counts them. */
  x: number[];
  /** The line: null where it must not be joined. Failed readings are not on it. */
  y: (number | null)[];
  marks: Mark[];
}

/** Splits readings into the line and the marks. limit is what breakAfter says. */
export function toColumns(points: readonly Point[], bands: readonly Band[], limit: number): Columns {
  const x: number[] = [];
  const y: (number | null)[] = [];
  const marks: Mark[] = [];
  const declared = bands.filter((b) => b.kind === 'declared');
  let before: number | undefined;
  for (const [t, v, qc] of points) {
    const since = before;
    before = t;
    if (v !== null && qc === 3) marks.push({ t, v, kind: 'suspect' });
    if (v !== null && qc === 4) marks.push({ t, v, kind: 'fail' });
    const broken =
      since !== undefined && (t - since > limit || declared.some((b) => b.from < t && b.to > since && b.to > b.from));
    if (broken) {
      x.push((since + t) / 2000);
      y.push(null);
    }
    x.push(t / 1000);
    y.push(qc === 4 || qc === 9 ? null : v);
  }
  return { x, y, marks };
}

/**
 * Adds the readings that came meanwhile and forgets what is older than from.
 * A reading that is already there is replaced: its late verdict may have come.
 */
export function append(points: readonly Point[], values: readonly Value[], from: number): Point[] {
  const next = points.filter((p) => p[0] >= from);
  for (const v of values) {
    const p: Point = [v.t, v.v, v.qc, v.why];
    let i = next.length;
    while (i > 0 && next[i - 1]![0] > v.t) i--;
    if (i > 0 && next[i - 1]![0] === v.t) next[i - 1] = p;
    else if (v.t >= from) next.splice(i, 0, p);
  }
  return next;
}

/**
 * The value axis: all readings but the failed ones, which may be absurd, and
 * the limits, with a little room. Never flat: a constant lies in the middle.
 */
export function valueRange(points: readonly Point[], limits: readonly number[], decimals = 2): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  const see = (v: number) => {
    low = Math.min(low, v);
    high = Math.max(high, v);
  };
  for (const [, v, qc] of points) if (v !== null && qc !== 4) see(v);
  limits.forEach(see);
  if (low > high) return [0, 1];
  // Ten of the smallest steps at least: noise of one step must not fill the picture.
  const least = 10 * 10 ** -decimals;
  const room = Math.max((high - low) * 0.08, (least - (high - low)) / 2);
  // What cannot be negative gets no axis below zero.
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** How many decimals the words of an axis need whose lines are a step apart: 2.75 is not 2.8. */
export function digitsOf(step: number): number {
  for (let digits = 0; digits < 9; digits++) {
    const lines = step * 10 ** digits;
    if (Math.abs(lines - Math.round(lines)) < 1e-6 * lines) return digits;
  }
  return 9;
}

export interface Statistics {
  low: number;
  high: number;
  mean: number;
  count: number;
}

/** Over the readings a person may use; undefined when there are none. */
export function statistics(points: readonly Point[]): Statistics | undefined {
  let [low, high, sum, count] = [Infinity, -Infinity, 0, 0];
  for (const [, v, qc] of points) {
    if (v === null || qc === 4 || qc === 9) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
    sum += v;
    count++;
  }
  return count > 0 ? { low, high, mean: sum / count, count } : undefined;
}

/** The index of the reading nearest to t, -1 when there is none within reach. */
export function nearest(points: readonly Point[], t: number, reach: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (points[mid]![0] < t) low = mid + 1;
    else high = mid;
  }
  const distance = (i: number) => (points[i] ? Math.abs(points[i][0] - t) : Infinity);
  const best = distance(low - 1) <= distance(low) ? low - 1 : low;
  return distance(best) <= reach ? best : -1;
}

export type Row = { kind: 'point'; t: number; point: Point } | { kind: 'gap'; t: number; band: Band };

/** Readings and gaps as rows of a table, newest first. A gap stands where it began. Missing readings are in their gap. */
export function rowsOf(points: readonly Point[], bands: readonly Band[]): Row[] {
  const rows: Row[] = bands.map((band) => ({ kind: 'gap', t: band.from, band }));
  for (const point of points) {
    if (point[1] !== null) rows.push({ kind: 'point', t: point[0], point });
  }
  return rows.sort((a, b) => b.t - a.t || (a.kind === 'gap' ? -1 : 1));
}
