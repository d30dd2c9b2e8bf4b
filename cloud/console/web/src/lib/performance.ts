// How well a center does: its figures as the aggregator works them out, and what they are
// judged against. Pure but for the one request.
import { query, request, type Severity, type Texts } from './api';

export type StepName = 'acknowledge' | 'dispatch' | 'sign' | 'handle' | 'verify' | 'close' | 'handled' | 'closed';

export interface StepFigures {
  step: StepName;
  done: number;
  mean_ms: number | null;
  median_ms: number | null;
  p95_ms: number | null;
  due: number;
  in_time: number;
}

export interface Group {
  key: string;
  name: Texts;
  raised: number;
  concluded: number;
  ever_closed: number;
  reopened: number;
  recurring: number;
  dispatched: number;
  returned: number;
  handled: number;
  reworked: number;
  closed: number;
  answered: number;
  false_alarms: number;
  self_recovered: number;
  overdue: number;
  steps: StepFigures[];
}

export interface Source {
  gateway: string;
  device: string;
  rule: string;
  alerts: number;
  share: number;
  most_10_min: number;
}

export interface Slot {
  at: number;
  alerts: number;
  most_10_min: number;
}

export interface Load {
  alerts: number;
  elapsed_ms: number;
  per_hour: number;
  per_10_min: number;
  peak_hour: { alerts: number; at: number };
  peak_10_min: { alerts: number; at: number };
  floods: { count: number; total_ms: number; share: number; longest: { from: number; to: number } };
  standing: number;
  chattering: number;
  chatterers: Source[];
  sources: Source[];
  from_top_ten: number;
  /** Red, orange, yellow, blue. */
  severities: [number, number, number, number];
  slot_ms: number;
  slots: Slot[];
}

export interface Performance {
  from: number;
  to: number;
  now: number;
  first_day: string;
  last_day: string;
  zone: string;
  area: string;
  department: string;
  total: Group;
  areas: Group[];
  departments: Group[];
  severities: Group[];
  rules: { rule: string; closed: number; false_alarms: number }[];
  overdue: {
    cases: number;
    ages: [number, number, number, number];
    oldest: { id: string; severity: Severity; area: string; department: string; step: string; due: number }[];
  };
  alerts: Load | null;
}

export interface Asked {
  from: string;
  to: string;
  area: string;
  department: string;
}

const fields = (q: Asked) => ({ from: q.from, to: q.to, area: q.area || undefined, department: q.department || undefined });

export const figures = (q: Asked) => request<Performance>(`/performance${query(fields(q))}`);

/** Where the table for a spreadsheet is. */
export const tableAddress = (q: Asked, language: string) => `/api/v1/performance.csv${query({ ...fields(q), language })}`;

/** Spans that one chooses by a word. */
export const spans = ['today', 'week', 'days30', 'month', 'before', 'own'] as const;
export type Span = (typeof spans)[number];

/** The first and the last day of a span, both as 2026-11-23; own: as they are. */
export function daysOf(span: Span, today: string, own: { from: string; to: string }): { from: string; to: string } {
  const [y, m, d] = today.split('-').map(Number) as [number, number, number];
  const day = (year: number, month: number, date: number) => new Date(Date.UTC(year, month - 1, date)).toISOString().slice(0, 10);
  switch (span) {
    case 'today':
      return { from: today, to: today };
    case 'week':
      return { from: day(y, m, d - 6), to: today };
    case 'days30':
      return { from: day(y, m, d - 29), to: today };
    case 'month':
      return { from: day(y, m, 1), to: today };
    case 'before':
      return { from: day(y, m - 1, 1), to: day(y, m, 0) };
    case 'own':
      return own;
  }
}

/** Good, to be watched, bad; few: there is too little to say so, none: there is nothing. */
export type Verdict = 'good' | 'watch' | 'bad' | 'few' | 'none';

/** Below this many a share says nothing. */
export const fewest = 5;

/** How a share stands to its target: at least as much is good, at least the second is to be watched. */
export function atLeast(n: number, all: number, good: number, watch: number): Verdict {
  if (all === 0) return 'none';
  if (all < fewest) return 'few';
  const share = n / all;
  return share >= good ? 'good' : share >= watch ? 'watch' : 'bad';
}

/** The same where less is better. */
export function atMost(n: number, all: number, good: number, watch: number): Verdict {
  if (all === 0) return 'none';
  if (all < fewest) return 'few';
  const share = n / all;
  return share <= good ? 'good' : share <= watch ? 'watch' : 'bad';
}

export const stepOf = (g: Group, name: StepName): StepFigures => g.steps.find((s) => s.step === name)!;

/** Each case has to have its answer, however few there are. */
export function judgeAnswers(g: Group): Verdict {
  return g.closed === 0 ? 'none' : g.answered === g.closed ? 'good' : 'bad';
}

/** What is late is to be looked at; what has been for a day is bad. */
export function judgeOverdue(p: Performance): Verdict {
  const [, , days, longer] = p.overdue.ages;
  return p.overdue.cases === 0 ? 'good' : days + longer > 0 ? 'bad' : 'watch';
}

/** Below as many alerts no share of sources is judged. */
const fewestAlerts = 100;

/** How the load stands to what one person can bear. */
export const judgeLoad = {
  rate: (l: Load): Verdict => (l.per_10_min <= 1 ? 'good' : l.per_10_min <= 2 ? 'watch' : 'bad'),
  flood: (l: Load): Verdict => (l.floods.share < 0.01 ? 'good' : l.floods.share < 0.05 ? 'watch' : 'bad'),
  standing: (l: Load): Verdict => (l.standing < 5 ? 'good' : l.standing <= 10 ? 'watch' : 'bad'),
  top: (l: Load): Verdict => (l.alerts === 0 ? 'none' : l.alerts < fewestAlerts ? 'few' : l.from_top_ten < 0.05 ? 'good' : l.from_top_ten < 0.2 ? 'watch' : 'bad'),
};

/** The bars of a strip, 0 to 1 of its height; limit is where the line of ten alerts stands. */
export function strip(slots: readonly Slot[]): { bars: number[]; limit: number; most: number } {
  const most = slots.reduce((m, s) => Math.max(m, s.most_10_min), 0);
  const top = Math.max(most, 12);
  return { bars: slots.map((s) => s.most_10_min / top), limit: 10 / top, most };
}
