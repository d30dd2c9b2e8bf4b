// Where a stream has no readings, and why. A gap is never drawn over: the line
// stops, a hatched band takes its place, and the band knows its reason.
import type { Gap, Point } from '../api';
import { unknownInterval } from '../model';

export interface Band {
  from: number;
  to: number;
  /** A word of the protocol; noData when no reason is known. */
  why: string;
  detail: string;
  /** declared: the gateway or the aggregator says so; missing: reads failed; silence: nothing came. */
  kind: 'declared' | 'missing' | 'silence';
}

/** The reason of a gap that nobody has explained, as the aggregator writes it. */
export const noData = 'no-data';

export interface Span {
  from: number;
  to: number;
}

/** The time between two readings above which the line may not join them. */
export function breakAfter(points: readonly Point[], everyMs: number | undefined, reduced: boolean): number {
  // Three intervals and some slack, as the aggregator counts it.
  const usual = 3 * (everyMs || unknownInterval) + 2000;
  if (!reduced || points.length < 3) return usual;
  const steps = points.slice(1).map((p, i) => p[0] - points[i]![0]);
  steps.sort((a, b) => a - b);
  return Math.max(usual, 4 * steps[Math.floor(steps.length / 2)]!);
}

/** What is left of s without the parts that the others cover. */
export function subtract(s: Span, others: readonly Span[]): Span[] {
  let rest: Span[] = [s];
  for (const o of others) {
    rest = rest.flatMap((r) => {
      if (o.to <= r.from || o.from >= r.to) return [r];
      const parts: Span[] = [];
      if (o.from > r.from) parts.push({ from: r.from, to: o.from });
      if (o.to < r.to) parts.push({ from: o.to, to: r.to });
      return parts;
    });
  }
  return rest;
}

/** Runs of points without a value, each up to the next point. */
function missingRuns(points: readonly Point[], until: number): Band[] {
  const out: Band[] = [];
  let run: Band | undefined;
  for (const [t, v, , why] of points) {
    if (v === null) {
      const reason = why || noData;
      if (run && run.why === reason) run.to = t;
      else {
        if (run) run.to = t;
        out.push((run = { from: t, to: t, why: reason, detail: '', kind: 'missing' }));
      }
    } else if (run) {
      run.to = t;
      run = undefined;
    }
  }
  if (run) run.to = Math.max(run.to, until);
  return out;
}

/** Stretches longer than limit between two points, and from the last point to the end. */
function silences(points: readonly Point[], end: number, limit: number): Span[] {
  const out: Span[] = [];
  points.forEach((p, i) => {
    const next = points[i + 1]?.[0] ?? end;
    if (next - p[0] > limit) out.push({ from: p[0], to: next });
  });
  return out;
}

/**
 * All bands between from and to, in the order of time. What lies before the
 * first reading is no gap: the stream may not have existed. Points are in the
 * order of time; limit is what breakAfter says.
 */
export function bandsOf(points: readonly Point[], gaps: readonly Gap[], window: Span, limit: number): Band[] {
  const declared = gaps.map(({ from, to, why, detail }): Band => {
    const kind = !why || why === noData ? 'silence' : 'declared';
    return { from, to, why: why || noData, detail: detail ?? '', kind };
  });
  const last = points.at(-1);
  const tail = last && window.to - last[0] > limit ? last[0] : window.to;
  const missing = missingRuns(points, last && last[1] === null ? tail : 0).filter((b) => b.to > b.from);
  const known = [...declared, ...missing];
  const silent = silences(points, window.to, limit).flatMap((s) =>
    // What remains at the edges of a declared gap is the ordinary pause before and after it.
    subtract(s, known)
      .filter((r) => r.to - r.from > limit)
      .map((r): Band => ({ ...r, why: noData, detail: '', kind: 'silence' })),
  );
  return joined([...known, ...silent])
    .filter((b) => b.to > window.from && b.from < window.to)
    .map((b) => ({ ...b, from: Math.max(b.from, window.from), to: Math.min(b.to, window.to) }))
    .sort((a, b) => a.from - b.from || a.to - b.to);
}

/** Silences that touch are one. */
function joined(bands: readonly Band[]): Band[] {
  const out: Band[] = [];
  for (const b of [...bands].sort((x, y) => x.from - y.from)) {
    const last = out.filter((o) => o.kind === 'silence').at(-1);
    if (b.kind === 'silence' && last && b.from <= last.to) last.to = Math.max(last.to, b.to);
    else out.push({ ...b });
  }
  return out;
}

/** The band at time t; where two overlap, the one that knows more. */
export function bandAt(bands: readonly Band[], t: number): Band | undefined {
  const order = { declared: 0, missing: 1, silence: 2 };
  return bands.filter((b) => b.from <= t && t <= b.to).sort((a, b) => order[a.kind] - order[b.kind])[0];
}

/** Straight lines in device pixels, four numbers each: x0, y0, x1, y1. */
export type Lines = [x0: number, y0: number, x1: number, y1: number][];

/**
 * Rising 45° lines that fill a box, cut off at its edges. They lie on one grid
 * for all boxes, so that bands that touch look like one.
 */
export function hatch(x: number, y: number, width: number, height: number, step: number): Lines {
  const out: Lines = [];
  const bottom = y + height;
  const right = x + width;
  // Each line is x + y = c.
  const first = Math.ceil((x + y) / step) * step;
  for (let c = first; c <= right + bottom; c += step) {
    const x0 = Math.max(x, c - bottom);
    const x1 = Math.min(right, c - y);
    if (x1 > x0) out.push([x0, c - x0, x1, c - x1]);
  }
  return out;
}
