// The API of cases and areas, as the console uses it. There are cases with accounts only.
import type { Geometry } from 'geojson';
import { part, post, query, request, type Severity, type Texts } from './api';

export type CaseState = 'raised' | 'acknowledged' | 'dispatched' | 'handled' | 'verified' | 'closed';

/** A time by which something is to be done; task 0: by the case as a whole. */
export interface Deadline {
  step: string;
  task: number;
  due: number;
}

export interface Case {
  id: string;
  /** Rises with each change; goes with every action as If-Match. */
  version: number;
  state: CaseState;
  severity: Severity;
  peak: Severity;
  source: 'alert' | 'person' | 'hotline';
  kind: string;
  category: string;
  area: string;
  gateway: string;
  device: string;
  rule: string;
  text: string;
  opened: number;
  entered: number;
  touched: number;
  /** It stands for many of its kind. */
  storm: boolean;
  /** The case that is its cause; empty: none. */
  parent: string;
  recurrence_of: string;
  seen_by: string;
  owner: string;
  active: boolean;
  watched: boolean;
  /** Until then; 0: it is not. */
  shelved: number;
  suspended: number;
  /** Whose tasks wait for an answer. */
  departments: string[];
  deadlines: Deadline[];
}

export interface Task {
  id: number;
  round: number;
  department: string;
  person: string;
  instruction: string;
  state: 'open' | 'answered' | 'returned' | 'withdrawn' | 'reassigned';
  given: number;
  signed_by: string;
  signed_at: number;
  done: string;
  result: string;
  answered_at: number;
  pictures: string[];
  why: string;
  rework: number;
}

export interface Order {
  department?: string;
  person?: string;
  instruction: string;
  due?: number;
}

export interface Citizen {
  id: string;
  at?: number;
  text: string;
}

/** What goes with an action, and stands in the journal afterwards. */
export interface CaseCommand {
  why?: string;
  severity?: Severity;
  task?: number;
  orders?: Order[];
  done?: string;
  result?: string;
  pictures?: string[];
  resolution?: string;
  answer?: string;
  until?: number;
  parent?: string;
  report?: Citizen;
  false_alarm?: boolean;
}

export interface CaseEntry extends CaseCommand {
  n: number;
  at: number;
  /** Empty: the system. */
  who: string;
  role: string;
  action: string;
  label: Texts;
  from: string;
  to: string;
  told?: string[];
}

export interface CaseAction {
  action: string;
  label: Texts;
}

/** One receiver's share of what was told. */
export interface Notice {
  at: number;
  what: Texts;
  channel: string;
  /** Empty: the channel's group. */
  person: string;
  called: string[];
  state: string;
  /** 0: it is on its way. */
  done: number;
}

export interface CaseDetail extends Case {
  tasks: Task[];
  outcome: { resolution: string; answer: string; by: string; at: number; false_alarm: boolean | null } | null;
  proposed_by: string;
  reports: Citizen[];
  told: string[];
  /** Ids, the newest first. */
  alerts: string[];
  alerts_active: number;
  /** Who was told of it, the newest first. */
  notices: Notice[];
  /** What to do, in the words of the center. */
  advice: Texts | null;
  journal: CaseEntry[];
  /** To who asks. */
  allowed: CaseAction[];
}

export interface Opening {
  kind: string;
  area: string;
  severity: Severity;
  text?: string;
  report?: Citizen;
}

export interface CaseFilter {
  state?: string;
  area?: string;
  /** The id of an alert: the case that it joined last. */
  alert?: string;
  after?: string;
  limit?: number;
}

export interface AreaCounts {
  gateways: number;
  devices: number;
  online: number;
  silent: number;
  faulty: number;
  waiting: number;
  alerts: number;
  cases: number;
  worst: string;
}

export interface Area {
  code: string;
  level: string;
  parent: string;
  name: Texts;
  since: number;
  edition: string;
  /** Below it, at all levels. */
  areas: number;
  bounded: boolean;
  counts: AreaCounts;
  /** Where shapes were asked for; null: its boundary is not known. */
  shape?: Geometry | null;
}

export interface AreaPage {
  areas: Area[];
  next: string;
  total: number;
  unplaced: AreaCounts;
}

export interface Contact {
  name?: string;
  phone?: string;
  mail?: string;
  note?: string;
}

export interface Department {
  id: string;
  name: Texts;
  area?: string;
  authority?: string;
  contacts?: Contact[];
  members?: string[];
}

export const desk = {
  cases: (f: CaseFilter) => request<{ cases: Case[]; next: string }>(`/cases${query({ ...f })}`),
  case: (id: string) => request<CaseDetail>(`/cases/${part(id)}`),
  /** Does something to a case that was seen in a version; the same key again does it once. */
  act: (id: string, version: number, action: string, c: CaseCommand, key: string) =>
    post<CaseDetail>(`/cases/${part(id)}/actions/${part(action)}`, c, { 'If-Match': `"${version}"`, 'Idempotency-Key': key }),
  open: (o: Opening, key: string) => post<CaseDetail>('/cases', o, { 'Idempotency-Key': key }),
  areas: (f: { below?: string; depth?: number; after?: string; limit?: number; shapes?: number }) => request<AreaPage>(`/areas${query(f)}`),
  area: (code: string) => request<Area & { path: string[] }>(`/areas/${part(code)}`),
  departments: async () => (await request<{ departments: Department[] | null }>('/departments')).departments ?? [],
  roles: async () =>
    (await request<{ roles: { role: string; actions: string[] }[] | null }>('/auth/roles')).roles ?? [],
};

/** A name for a request that is sent again when nobody knows whether it arrived. */
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join('-');
}
