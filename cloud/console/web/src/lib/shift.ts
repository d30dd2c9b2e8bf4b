// The API of shifts: what one leaves to the next, and what was written at its end.
import { part, post, query, request, type Gap } from './api';
import type { Case, CaseEntry } from './desk';
import type { Duty } from './office';

/** What somebody said of a case. */
export interface ShiftNote {
  at: number;
  who: string;
  why: string;
}

export interface ShiftCase extends Case {
  /** A deadline had passed. */
  overdue: boolean;
  /** Null: it is not shelved. */
  shelving: ShiftNote | null;
  /** The last note; null: there is none. */
  note: ShiftNote | null;
}

/** A gateway or a device that does not do what it is there for. */
export interface ShiftSite {
  gateway: string;
  /** Empty: the gateway itself. */
  device: string;
  name: string;
  area: string;
  state: 'offline' | 'silent' | 'fault' | 'maintenance';
  since: number;
  until: number;
  by: string;
  fault: string;
}

export const countNames = ['raised', 'acknowledged', 'dispatched', 'returned', 'escalated', 'overdue', 'closed'] as const;

export interface ShiftReport {
  at: number;
  open: ShiftCase[];
  open_total: number;
  changes: { case: Case; entry: CaseEntry }[];
  changes_total: number;
  counts: Record<(typeof countNames)[number], number>;
  sites: ShiftSite[];
  sites_total: number;
  gaps: (Gap & { gateway: string })[];
  gaps_total: number;
}

export interface Handover {
  id: string;
  /** A code, or * for everywhere. */
  area: string;
  roster: string;
  from: number;
  to: number;
  written: number;
  by: string;
  by_name: string;
  next: string;
  notes: string;
  todo: string[];
  taken: { at: number; by: string; name: string; note: string } | null;
  report?: ShiftReport;
  /** Cases that were open. */
  open_then: number;
}

/** Of which area and time a shift is; times in Unix milliseconds. */
export interface ShiftTime {
  area: string;
  from: number;
  to: number;
  roster: string;
}

export interface HandoverText extends ShiftTime {
  next: string;
  notes: string;
  todo: string[];
}

export const shifts = {
  report: (s: ShiftTime) => request<ShiftReport>(`/handovers/draft${query({ area: s.area, from: s.from, to: s.to })}`),
  list: (f: { area?: string; before?: string; limit?: number }) =>
    request<{ handovers: Handover[]; next: string }>(`/handovers${query({ ...f })}`),
  get: (id: string) => request<Handover>(`/handovers/${part(id)}`),
  /** Writes one; the same key again writes it once. */
  write: (t: HandoverText, key: string) => post<Handover>('/handovers', t, { 'Idempotency-Key': key }),
  take: (id: string, note: string) => post<Handover>(`/handovers/${part(id)}/take`, { note }),
  tableURL: (id: string) => `/api/v1/handovers/${part(id)}/cases.csv`,
  /** A roster between two times. */
  duty: (roster: string, from: number, to: number) => request<Duty>(`/rosters/${part(roster)}/duty${query({ from, to })}`),
};

/** The shifts of a roster that have begun and whose end is near or past, the latest first; those of one time are one. */
export function begun(d: Pick<Duty, 'spans'>, now: number): { from: number; to: number; persons: string[] }[] {
  const by = new Map<string, { from: number; to: number; persons: string[] }>();
  for (const s of d.spans) {
    if (s.from > now || s.to > now + 24 * 3_600_000 || s.to - s.from > 7 * 24 * 3_600_000) continue;
    const key = `${s.from} ${s.to}`;
    const known = by.get(key) ?? { from: s.from, to: s.to, persons: [] };
    if (!known.persons.includes(s.person)) known.persons.push(s.person);
    by.set(key, known);
  }
  return [...by.values()].sort((a, b) => b.from - a.from || b.to - a.to);
}

/** Lines that a person wrote, without empty ones. */
export function lines(text: string): string[] {
  return text.split('\n').map((l) => l.trim()).filter(Boolean);
}
