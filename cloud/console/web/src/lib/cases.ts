// What a list of cases shows and in which order, as pure functions, and what an action asks
// of the person who takes it.
import type { Case, CaseDetail, Deadline, Task } from './desk';
import type { Key } from './i18n/translate';
import { lookOf } from './severity';

/** Which cases a list shows; empty: all of them. */
export interface CaseChoice {
  severity: string;
  state: string;
  text: string;
  /** Mine, overdue, or waiting for somebody to acknowledge them. */
  only: '' | 'mine' | 'overdue' | 'unseen';
}

/** Who looks: what is theirs depends on it. */
export interface Viewer {
  person: string;
  departments: ReadonlySet<string>;
}

/** The deadline that comes first; undefined: none runs. */
export function firstDeadline(c: Pick<Case, 'deadlines'>): Deadline | undefined {
  return c.deadlines.reduce<Deadline | undefined>((a, d) => (a && a.due <= d.due ? a : d), undefined);
}

/** Whether a deadline has passed: judged here, since time goes on while nothing comes in. */
export function isOverdue(c: Pick<Case, 'deadlines'>, now: number): boolean {
  return c.deadlines.some((d) => d.due <= now);
}

/** Most severe first, then what is due first, then the oldest. */
export function compareCases(a: Case, b: Case): number {
  const due = (c: Case) => firstDeadline(c)?.due ?? Number.MAX_SAFE_INTEGER;
  return (
    lookOf(a.severity).rank - lookOf(b.severity).rank ||
    due(a) - due(b) ||
    a.opened - b.opened ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Whether somebody has taken a case on, or it waits for their department. */
export function isMine(c: Case, v: Viewer): boolean {
  return c.owner === v.person || (!c.owner && c.seen_by === v.person) || c.departments.some((d) => v.departments.has(d));
}

/** Whether nobody has acknowledged an open case. */
export function isUnseen(c: Case): boolean {
  return c.state === 'raised';
}

export function fits(c: Case, f: CaseChoice, v: Viewer, now: number): boolean {
  if (f.severity && c.severity !== f.severity) return false;
  if (f.state && c.state !== f.state) return false;
  if (f.only === 'mine' && !isMine(c, v)) return false;
  if (f.only === 'overdue' && !isOverdue(c, now)) return false;
  if (f.only === 'unseen' && !isUnseen(c)) return false;
  const text = f.text.trim().toLowerCase();
  const words = [c.id, c.text, c.kind, c.gateway, c.device, c.rule, c.area, c.owner, c.seen_by, ...c.departments];
  return !text || words.some((w) => w.toLowerCase().includes(text));
}

/** A case, and those that are its symptoms: one line of the list. */
export interface Bundle {
  head: Case;
  symptoms: Case[];
}

/** Puts symptoms below the case that is their cause. One whose cause is not in the list stands for itself. */
export function bundle(list: readonly Case[]): Bundle[] {
  const ids = new Set(list.map((c) => c.id));
  const below = new Map<string, Case[]>();
  for (const c of list) if (c.parent && ids.has(c.parent)) below.set(c.parent, [...(below.get(c.parent) ?? []), c]);
  return list.filter((c) => !(c.parent && ids.has(c.parent))).map((head) => ({ head, symptoms: below.get(head.id) ?? [] }));
}

export interface CaseCounts {
  red: number;
  orange: number;
  yellow: number;
  blue: number;
  overdue: number;
  unseen: number;
  mine: number;
}

export function count(list: readonly Case[], v: Viewer, now: number): CaseCounts {
  const n: CaseCounts = { red: 0, orange: 0, yellow: 0, blue: 0, overdue: 0, unseen: 0, mine: 0 };
  for (const c of list) {
    n[c.severity]++;
    if (isOverdue(c, now)) n.overdue++;
    if (isUnseen(c)) n.unseen++;
    if (isMine(c, v)) n.mine++;
  }
  return n;
}

/** What a form has a field for. */
export type Field = 'why' | 'severity' | 'resolution' | 'answer' | 'orders' | 'done' | 'result' | 'pictures' | 'until' | 'parent' | 'report' | 'false_alarm';

interface Needs {
  /** Asked for, in this order; a reason that is not among them may still be given. */
  fields: readonly Field[];
  /** What is done to one task of a case, and to which. */
  task?: (t: Task) => boolean;
  /** The words that the resolution may be. */
  resolutions?: readonly string[];
}

const waits = (t: Task) => t.state === 'open';
const stands = (t: Task) => t.state === 'open' || t.state === 'returned';
/** Why something is mostly done, as texts of the console: one press instead of writing. */
const reasons: Readonly<Record<string, readonly Key[]>> = {
  shelve: ['reason.work', 'reason.known', 'reason.sensor'],
  dismiss: ['reason.nothing', 'reason.sensor', 'reason.work'],
  propose_dismissal: ['reason.nothing', 'reason.sensor', 'reason.work'],
};

/** The reasons that are offered for an action; one may write another. */
export function reasonsOf(action: string): readonly Key[] {
  return Object.hasOwn(reasons, action) ? reasons[action]! : [];
}

const dismissals = ['false_alarm', 'duplicate', 'planned_work', 'test'] as const;

const needs: Readonly<Record<string, Needs>> = {
  propose_dismissal: { fields: ['resolution', 'parent', 'why'], resolutions: dismissals },
  dismiss: { fields: ['resolution', 'parent', 'why'], resolutions: dismissals },
  dispatch: { fields: ['orders'] },
  sign: { fields: [], task: (t) => waits(t) && !t.signed_by },
  reassign: { fields: ['orders', 'why'], task: stands },
  withdraw: { fields: ['why'], task: stands },
  return: { fields: ['why'], task: waits },
  extend: { fields: ['until', 'why'], task: waits },
  report: { fields: ['result', 'done', 'pictures'], task: waits },
  reject: { fields: ['why'] },
  close: { fields: ['resolution', 'answer'], resolutions: ['fixed', 'no_fault_found', 'self_recovered', 'false_alarm'] },
  reopen: { fields: ['why'] },
  shelve: { fields: ['until', 'why'] },
  suspend: { fields: ['until', 'why'] },
  take_over: { fields: ['why'] },
  raise_severity: { fields: ['severity', 'why'] },
  lower_severity: { fields: ['severity', 'why'] },
  attach_report: { fields: ['report'] },
  verdict: { fields: ['false_alarm', 'why'] },
  attach: { fields: ['parent', 'why'] },
  detach: { fields: ['why'] },
  note: { fields: ['why'] },
};

const nothing: Needs = { fields: [] };

/** What an action asks for. One that is not known here is offered with a reason alone, and the aggregator says what is missing. */
export function needsOf(action: string): Needs {
  return Object.hasOwn(needs, action) ? needs[action]! : nothing;
}

/** The tasks of this round to which something can be done, of one action. */
export function tasksFor(action: string, c: Pick<CaseDetail, 'tasks'>): Task[] {
  const may = needsOf(action).task;
  return may ? currentTasks(c).filter(may) : [];
}

/** The tasks of the present round. */
export function currentTasks(c: Pick<CaseDetail, 'tasks'>): Task[] {
  const round = Math.max(0, ...c.tasks.map((t) => t.round));
  return c.tasks.filter((t) => t.round === round);
}

/** The way of a case: what moves it on. */
const onward = ['acknowledge', 'dispatch', 'verify', 'close', 'reopen'];
const often = ['reject', 'take_over', 'note', 'attach_report', 'raise_severity', 'shelve', 'unshelve', 'resume', 'dismiss', 'propose_dismissal'];

/** Actions on a case in three groups: what moves it on, what is often wanted, and the rest. Those on tasks stand with the tasks. */
export function arrange<T extends { action: string }>(allowed: readonly T[]): { next: T[]; often: T[]; rest: T[] } {
  const whole = allowed.filter((a) => !needsOf(a.action).task);
  const pick = (names: readonly string[]) => names.flatMap((n) => whole.filter((a) => a.action === n));
  return { next: pick(onward), often: pick(often), rest: whole.filter((a) => !onward.includes(a.action) && !often.includes(a.action)) };
}
