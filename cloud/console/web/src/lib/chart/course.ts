// What a chart shows of an alert besides its readings: which time, when what happened, when
// the limit was expected, whether the limit belongs to the readings at all. Pure.
import type { Alert } from '../api';
import { shotsOf } from '../shots';
import type { Span } from './bands';

/** Something that happened at an instant. */
export interface Happening {
  t: number;
  kind: 'raised' | 'actual' | 'cleared' | 'picture';
}

/** That the limit was expected between two times, as it was said at a third. */
export interface Expectation {
  /** When it was said, and the value then; null: it did not tell one. */
  at: number;
  value: number | null;
  limit: number;
  from: number;
  to: number;
}

const minute = 60_000;
/** So much is shown before and after an alert at least, ms. */
const least = 10 * minute;
/** No chart of an alert is longer, ms: what the aggregator gives in one answer is thinned out above. */
const longest = 14 * 24 * 60 * minute;

/** The time around an alert: from before its first word to after its end; an active one reaches up to now. */
export function spanOf(a: Alert, now: number): Span {
  const begin = Math.min(a.since, ...(a.timeline ?? []).map((s) => s.at), ...shotsOf(a).map((p) => p.t ?? p.due));
  const end = a.condition === 'active' ? now : (a.cleared ?? a.at);
  const room = Math.max(least, 0.25 * (end - begin));
  const to = a.condition === 'active' ? now : Math.min(now, end + room);
  return { from: Math.max(begin - room, to - longest), to };
}

/** What happened, in order of time: the raise, the limit reached, the end, each picture that was taken. */
export function happeningsOf(a: Alert): Happening[] {
  const out: Happening[] = [{ t: Math.min(a.since, a.timeline?.[0]?.at ?? a.since), kind: 'raised' }];
  const actual = a.timeline?.find((s) => s.what === 'actual');
  if (actual && a.timeline?.some((s) => s.what === 'forecast' && s.at <= actual.at)) out.push({ t: actual.at, kind: 'actual' });
  if (a.condition === 'cleared') out.push({ t: a.cleared ?? a.at, kind: 'cleared' });
  for (const p of shotsOf(a)) if (p.t !== null) out.push({ t: p.t, kind: 'picture' });
  return out.sort((x, y) => x.t - y.t);
}

/** The forecasts, in the order in which they were said. */
export function expectationsOf(a: Alert): Expectation[] {
  if (typeof a.limit !== 'number') return [];
  const limit = a.limit;
  return (a.timeline ?? [])
    .filter((s) => (s.what === 'forecast' || s.what === 'renewed') && s.from !== null && s.to !== null && s.to >= s.from)
    .map((s) => ({ at: s.at, value: s.value, limit: s.limit ?? limit, from: s.from!, to: s.to! }));
}

/** A stream that an alert is about. */
export interface About {
  gateway: string;
  device: string;
  channel: string;
}

/** The streams of an alert, its own first: three at most. An alert of several says them in its evidence. */
export function streamsOf(a: Alert): About[] {
  const names = [a.device && a.channel ? `${a.device}/${a.channel}` : '', ...(a.evidence ?? []).map((e) => e.n)];
  return [...new Set(names)]
    .filter((n) => /^[^/]+\/[^/]+$/.test(n))
    .slice(0, 3)
    .map((n) => ({ gateway: a.gateway, device: n.slice(0, n.indexOf('/')), channel: n.slice(n.indexOf('/') + 1) }));
}

/**
 * Whether the alert's limit is one of the readings of this stream. A rule may watch a sum or
 * a rate over it; then the limit says nothing about what the chart shows, and is not drawn.
 */
export function limitApplies(a: Alert, s: About, unit: string | undefined): boolean {
  if (typeof a.limit !== 'number' || s.device !== a.device || s.channel !== a.channel) return false;
  if (a.unit && unit && a.unit !== unit) return false;
  const own = (a.evidence ?? []).filter((e) => e.n === `${s.device}/${s.channel}`).map((e) => e.v);
  const said = [a.value, a.peak, ...(a.timeline ?? []).map((x) => x.value)].filter((v): v is number => typeof v === 'number');
  return own.length === 0 || said.length === 0 || own.some((v) => said.includes(v));
}
