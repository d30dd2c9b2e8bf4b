// What was at a moment of the past, from what the aggregator knew of a span. Pure.
import type { Alert, Gap } from '../api';
import { compareActive } from '../model';

export interface Span {
  from: number;
  to: number;
}

/** How an alert stood, from when the aggregator knew it. */
export type ReplayStep = { known: number } & Pick<
  Alert,
  'rev' | 'severity' | 'stage' | 'condition' | 'at' | 'cleared' | 'value' | 'limit' | 'worst' | 'peak' | 'text' | 'acknowledged' | 'vanished'
>;

export interface ReplayAlert {
  /** As it was last known in the span. */
  alert: Alert;
  /** By time; the first is how it stood at the beginning, or how it was raised. */
  steps: readonly ReplayStep[];
}

/** When a gateway was there. */
export interface Presence {
  gateway: string;
  /** At the beginning; null: not known, or nobody had heard of it. */
  online: boolean | null;
  turns: readonly { at: number; online: boolean }[];
}

/** What the aggregator knew of a span. */
export interface Recording extends Span {
  alerts: readonly ReplayAlert[];
  /** Alerts of the span that were heard of only after it. */
  late: number;
  gateways: readonly Presence[];
  gaps: readonly Gap[];
  /** When the center itself was not running. */
  dark: readonly Span[];
  /** There was more than fits into one answer. */
  more: boolean;
}

/** What was at a moment. */
export interface Moment {
  /** The active ones, the gravest first. */
  alerts: readonly Alert[];
  /** Of gateways of which it is known: whether they were there. */
  online: ReadonlyMap<string, boolean>;
  /** Since when those were away that were; undefined: since before the span. */
  away: ReadonlyMap<string, number | undefined>;
  gaps: readonly Gap[];
  /** The center was not running, or had heard of nobody: nothing is listed, and that means nothing. */
  unknown: '' | 'dark' | 'nobody';
}

const hour = 3_600_000;
/** As much is shown again at once. */
export const longest = 6 * hour;

/** The last of what is in order of time that was not after a moment. */
function lastOf<T>(list: readonly T[], at: number, time: (x: T) => number): T | undefined {
  return list[countUntil(list, at, time) - 1];
}

/** How many of what is in order of time were not after a moment. */
export function countUntil<T>(list: readonly T[], at: number, time: (x: T) => number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time(list[middle]!) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One object for each step: rows whose alert has not changed are not drawn anew. */
const stood = new WeakMap<ReplayStep, Alert>();

/** An alert as it was known at a moment; undefined: it was not. */
export function alertAt(r: ReplayAlert, at: number): Alert | undefined {
  const step = lastOf(r.steps, at, (s) => s.known);
  if (!step) return undefined;
  let a = stood.get(step);
  if (!a) {
    const { known: _, ...as } = step;
    stood.set(step, (a = { ...r.alert, ...as }));
  }
  return a;
}

const within = (at: number) => (s: Span) => s.from <= at && at < s.to;

export function momentOf(r: Recording, at: number): Moment {
  if (r.dark.some(within(at))) return { alerts: [], online: new Map(), away: new Map(), gaps: [], unknown: 'dark' };
  const alerts = r.alerts.flatMap((a) => alertAt(a, at) ?? []).filter((a) => a.condition === 'active');
  const online = new Map<string, boolean>();
  const away = new Map<string, number | undefined>();
  for (const p of r.gateways) {
    const turn = lastOf(p.turns, at, (t) => t.at);
    const is = turn ? turn.online : p.online;
    if (is === null) continue;
    online.set(p.gateway, is);
    if (!is) away.set(p.gateway, turn?.at);
  }
  return {
    alerts: alerts.sort(compareActive),
    online,
    away,
    gaps: r.gaps.filter(within(at)),
    unknown: online.size === 0 && alerts.length === 0 ? 'nobody' : '',
  };
}

/** The times within a span at which anything changed. */
export function changes(r: Recording): number[] {
  const times = new Set<number>();
  for (const a of r.alerts) for (const s of a.steps) times.add(s.known);
  for (const p of r.gateways) for (const t of p.turns) times.add(t.at);
  for (const s of [...r.gaps, ...r.dark]) times.add(s.from).add(s.to);
  return [...times].filter((t) => t > r.from && t <= r.to).sort((a, b) => a - b);
}

/** The change next to a moment, behind it or before it; where there is none, the end of the span. */
export function nextChange(times: readonly number[], span: Span, at: number, by: 1 | -1): number {
  if (by > 0) return times[countUntil(times, at, (t) => t)] ?? span.to;
  return times[countUntil(times, at - 0.5, (t) => t) - 1] ?? span.from;
}

/** Alerts as bars: from when they were known to when it was known that they were over. */
export function bars(r: Recording): Alert[] {
  return r.alerts.map(({ alert, steps }) => {
    const [first, last] = [steps[0]!, steps.at(-1)!];
    const since = first.known > r.from ? first.known : alert.since;
    return last.condition === 'active' ? { ...alert, since } : { ...alert, since, cleared: Math.max(since, last.known) };
  });
}

/** Reads the address: ?replay=FROM,TO&at=…, Unix milliseconds. */
export function readReplay(q: URLSearchParams): (Span & { at: number }) | undefined {
  const [, a, b] = /^(\d{1,15}),(\d{1,15})$/.exec(q.get('replay') ?? '') ?? [];
  const [from, to, at] = [Number(a), Number(b), Number(q.get('at') ?? '')];
  if (!(from > 0 && to > from && to - from <= longest)) return undefined;
  return { from, to, at: at >= from && at <= to ? at : from };
}

/** The same address, replaying a span; without one, the present. */
export function withReplay(q: URLSearchParams, span?: Span): URLSearchParams {
  const next = new URLSearchParams(q);
  next.delete('at');
  if (span) next.set('replay', `${span.from},${span.to}`);
  else next.delete('replay');
  return next;
}
