// The API of those who run the center: accounts, tokens, the audit log, areas, departments,
// rosters, routes, and how people are told of things.
import { ApiError, part, post, put, query, request, type Account, type Grant, type LoginSession, type Me, type Texts } from './api';
import type { Department } from './desk';

export interface Token {
  id: string;
  person: string;
  name: string;
  grants: Grant[] | null;
  /** Requests a minute. */
  rate: number;
  made: number;
  ends: number;
  used: number | null;
  /** It is a screen's, in its browser's cookie. */
  screen: boolean;
}

/** A line of the audit log. */
export interface AuditLine {
  n: number;
  at: number;
  who: string;
  role: string;
  from: string;
  what: string;
  about: string;
  old: string;
  new: string;
  result: 'done' | 'refused' | 'failed';
}

export interface AuditFilter {
  who?: string;
  what?: string;
  about?: string;
  result?: string;
  from?: number;
  to?: number;
  before?: number;
  limit?: number;
}

export interface AuditVerdict {
  lines: number;
  /** To be kept elsewhere. */
  head: string;
  anchors: number;
  /** Number of the first line that is not as it was written; null: none. */
  broken: number | null;
  why: Texts;
}

export interface AreaChange {
  what: string;
  code: string;
  name: Texts;
  was: string;
  is: string;
}

export interface AreaImport {
  dry_run: boolean;
  format: string;
  encoding: string;
  read: number;
  unchanged: number;
  kept: number;
  changes: AreaChange[];
  /** Beyond those listed. */
  more: number;
}

/** What is wrong with a file, and where. */
export interface Fault {
  file: string;
  line: number;
  column: number;
  feature: number;
  field: string;
  text: Texts;
}

export interface Route {
  category?: string;
  area?: string;
  department: string;
}

export interface Shift {
  person: string;
  days?: string[];
  from: string;
  to: string;
  instead?: string;
}

export interface Roster {
  id: string;
  name?: Texts;
  area?: string;
  department?: string;
  role: string;
  zone: string;
  shifts: Shift[];
}

export interface Duty {
  now: string[];
  spans: { person: string; from: number; to: number }[];
  hand_overs: { at: number; from: string[]; to: string[] }[];
  gaps: { from: number; to: number; text: Texts }[];
}

export interface Way {
  id: string;
  waiting: number;
  /** Since when nothing passes; 0: it works. */
  down: number;
  /** Nothing is sent before. */
  paused: number;
  error: string;
}

export interface Delivery {
  id: string;
  channel: string;
  person: string;
  kind: string;
  level: string;
  items: number;
  title: string;
  state: string;
  attempts: number;
  formed: number;
  next: number;
  deadline: number;
  finished: number;
  doubt: boolean;
  error: string;
  tries?: { at: number; ended: number; outcome: string; error: string }[];
}

const whose = (person: string) => query({ person });

export const office = {
  accounts: async (after = '') =>
    (await request<{ accounts: Account[] | null }>(`/auth/accounts${query({ after, limit: 200 })}`)).accounts ?? [],
  makeAccount: (id: string, name: string, grants: readonly Grant[]) =>
    post<{ account: Account; password: string }>('/auth/accounts', { id, name, grants }),
  changeAccount: (id: string, change: { name?: string; active?: boolean; grants?: readonly Grant[] }) =>
    post<Account>(`/auth/accounts/${part(id)}`, change),
  resetAccount: (id: string, second_factor: boolean) =>
    post<{ password: string }>(`/auth/accounts/${part(id)}/reset`, { second_factor }),
  sessionsOf: async (person: string) =>
    (await request<{ sessions: LoginSession[] | null }>(`/auth/sessions${whose(person)}`)).sessions ?? [],
  endSessionOf: (person: string, id: string) => post<unknown>(`/auth/sessions/${part(id)}/end${whose(person)}`, {}),
  tokens: async (person = '') => (await request<{ tokens: Token[] | null }>(`/auth/tokens${whose(person)}`)).tokens ?? [],
  makeToken: (t: { name: string; grants: readonly Grant[]; rate: number; ends: number }) =>
    post<{ token: Token; value: string }>('/auth/tokens', t),
  /** This browser becomes a screen; the session ends. */
  keepScreen: (s: { name: string; area: string }) => post<Me>('/auth/screen', s),
  revokeToken: (id: string, person = '') => post<unknown>(`/auth/tokens/${part(id)}/revoke${whose(person)}`, {}),
  audit: async (f: AuditFilter) =>
    (await request<{ lines: AuditLine[] | null }>(`/auth/audit${query({ ...f })}`)).lines ?? [],
  checkAudit: () => request<AuditVerdict>('/auth/audit/check', { signal: AbortSignal.timeout(300_000) }),
  importAreas: (file: File, o: { dry_run: boolean; crs: string }) =>
    request<AreaImport>(`/areas${query({ name: file.name, dry_run: String(o.dry_run), crs: o.crs })}`, {
      method: 'PUT',
      headers: { 'Content-Type': /json$/i.test(file.name) ? 'application/geo+json' : 'text/csv' },
      body: file,
      signal: AbortSignal.timeout(120_000),
    }),
  putDepartment: (d: Department) => put<Department>(`/departments/${part(d.id)}`, without(d)),
  dropDepartment: (id: string) => request<unknown>(`/departments/${part(id)}`, { method: 'DELETE' }),
  routes: async () => (await request<{ routes: Route[] | null }>('/routes')).routes ?? [],
  putRoutes: async (routes: readonly Route[]) => (await put<{ routes: Route[] | null }>('/routes', { routes })).routes ?? [],
  rosters: async () => (await request<{ rosters: Roster[] | null }>('/rosters')).rosters ?? [],
  putRoster: (r: Roster) => put<Roster>(`/rosters/${part(r.id)}`, without(r)),
  dropRoster: (id: string) => request<unknown>(`/rosters/${part(id)}`, { method: 'DELETE' }),
  duty: (id: string) => request<Duty>(`/rosters/${part(id)}/duty`),
  channels: async () => (await request<{ channels: Way[] | null }>('/channels')).channels ?? [],
  testChannel: (id: string, person: string) => post<Delivery>(`/channels/${part(id)}/test`, { person }),
  deliveries: async (f: { channel?: string; state?: string; before?: string; limit?: number }) =>
    (await request<{ notifications: Delivery[] | null }>(`/notifications${query(f)}`)).notifications ?? [],
  delivery: (id: string) => request<Delivery>(`/notifications/${part(id)}`),
};

/** A document without its id, which its address says. */
function without<T extends { id: string }>(x: T): Omit<T, 'id'> {
  const { id: _, ...rest } = x;
  return rest;
}

/** What is wrong with a file that was refused, place by place. */
export function faultsOf(e: unknown): Fault[] {
  if (!(e instanceof ApiError)) return [];
  const list = (e.body as { error?: { faults?: Fault[] } } | undefined)?.error?.faults;
  return Array.isArray(list) ? list : [];
}
