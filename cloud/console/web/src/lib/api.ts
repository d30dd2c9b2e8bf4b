// The aggregator's HTTP API as the console uses it. Times are Unix milliseconds.
// Every number and word that comes in was checked by the aggregator; what may be
// absent is optional here, so that a newer or older aggregator is still readable.

import type { FeatureCollection } from 'geojson';
import { clock } from './clock.svelte';
import { read } from './legible';

/** A text in each language that the sender knows. */
export type Texts = Readonly<Record<string, string>>;

/** QARTOD: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing. */
export type QualityCode = 1 | 2 | 3 | 4 | 9;

export type Severity = 'red' | 'orange' | 'yellow' | 'blue';

export interface Info {
  version: string;
  store: { id: string; kind: string };
  mqtt: { address: string; prefix: string };
  started: number;
  now: number;
  insecure?: boolean;
  /** Nobody comes in without an account. */
  accounts?: boolean;
  /** Of the times in messages: +08:00 or Asia/Shanghai; empty: none is set. */
  time_zone?: string;
  map?: Ground;
}

/** What lies below the map; each is empty where it is not set. */
export interface Ground {
  /** A URL with {z}, {x} and {y}. */
  tiles: string;
  /** Of the tiles: wgs84, cgcs2000, gcj02. */
  coordinates: string;
  attribution: string;
  approval: string;
}

export interface Health {
  id: string;
  level: 'info' | 'warn' | 'fail';
  about?: string;
  text: Texts;
}

export interface Device {
  id: string;
  driver: string;
  profile?: string;
  bus?: string;
  address?: string;
  every_ms: number;
  channels: string[];
  state: string;
  fault?: string;
  note?: string;
  camera?: boolean;
  /** Somebody works on it; until_ms is Unix ms, 0 while the gateway does not know the time. */
  upkeep?: Upkeep;
}

export interface Upkeep {
  until_ms: number;
  by: string;
}

export interface Journal {
  bytes: number;
  quota: number;
  waiting: number;
  oldest_ms: number;
  commit_ms: number;
  lost: number;
}

export interface Position {
  lat: number;
  lon: number;
}

export interface Gateway {
  id: string;
  name?: string;
  online: boolean;
  since?: number;
  last_seen?: number;
  version?: string;
  config?: string;
  /** Empty while it is not known. */
  clock?: 'synced' | 'held' | 'unsynced' | '';
  epoch?: string;
  area?: string;
  position?: Position | null;
  /** Of its place: +08:00; empty: it does not say. */
  time_zone?: string;
  journal?: Journal | null;
  health?: Health[] | null;
  devices?: Device[] | null;
  conflict?: boolean;
}

/** What is known of a stream apart from its readings. */
export interface StreamInfo {
  gateway: string;
  device: string;
  channel: string;
  metric?: string;
  unit?: string;
  unit_text?: string;
  label?: Texts;
  decimals?: number;
  /** 0: not known. */
  every_ms?: number;
}

/** The newest reading of one stream. `v` is null exactly when there is no value. */
export interface Value extends StreamInfo {
  v: number | null;
  qc: QualityCode;
  why?: string;
  t: number;
  /** The gateway's clock is not trusted yet: `t` is about when the reading arrived. */
  undated?: boolean;
}

export interface Evidence {
  n: string;
  ago_ms: number;
  v: number;
  qc?: QualityCode;
}

export interface Acknowledgement {
  by: string;
  at: number;
  note?: string;
}

export interface HistoryEntry {
  at: number;
  what: string;
  by?: string;
  note?: string;
}

/** What a gateway was asked to do, and what became of it. */
export interface Command {
  id: string;
  gateway: string;
  kind: string;
  alert?: string;
  issued: number;
  until: number;
  state: 'waiting' | 'done' | 'refused' | 'expired';
  why: string;
  detail?: string;
  outputs?: string[];
}

export interface Alert {
  id: string;
  rev: number;
  gateway: string;
  device?: string;
  channel?: string;
  rule: string;
  severity: Severity;
  stage: 'forecast' | 'actual';
  condition: 'active' | 'cleared';
  since: number;
  at: number;
  cleared?: number | null;
  value?: number | null;
  limit?: number | null;
  /** The most severe that it has been. */
  worst?: string;
  /** The value farthest beyond the limit; null when that is not known. */
  peak?: number | null;
  unit?: string;
  unit_text?: string;
  text?: Texts;
  area?: string;
  position?: Position | null;
  image?: string;
  /** Those of the raise. */
  pictures?: AlertPicture[] | null;
  /** Why pictures that the alert or its timeline names never come, by image id. */
  missing?: Readonly<Record<string, string>> | null;
  acknowledged?: Acknowledgement | null;
  evidence?: Evidence[] | null;
  /** Since when the gateway no longer lists this alert although it never said that it cleared. */
  vanished?: number | null;
  /** The gateway's clock was not trusted: the times are about when the alert arrived. */
  undated?: boolean;
  /** What to do, in the words of the center. */
  advice?: Texts;
  history?: HistoryEntry[] | null;
  /** What the gateway said and did, oldest first; only of one alert. */
  timeline?: Step[] | null;
  /** How the gateway was told of the acknowledgement; only when one alert is asked for. */
  command?: Command | null;
}

/** What a camera saw before an alert, at it or after it. */
export interface AlertPicture {
  image: string;
  moment: 'before' | 'at' | 'after';
  /** When it was, or is to be, taken. */
  due: number;
  /** When it was taken; null: it has not come yet, or a list was asked for. */
  t: number | null;
}

/** One revision of an alert, or one switching of an output for it. */
export interface Step {
  at: number;
  what: 'forecast' | 'renewed' | 'actual' | 'cleared' | 'switched';
  severity: Severity | '';
  value: number | null;
  /** That of this severity; none: it is not known. */
  limit?: number | null;
  /** Between these the limit was expected. */
  from: number | null;
  to: number | null;
  image: string;
  switched: { output: string; on: boolean; why: string; by: string; result: string } | null;
}

export interface Gap {
  gateway?: string;
  device?: string;
  from: number;
  to: number;
  why: string;
  detail?: string;
}

/** [time, value or null, quality, reason] */
export type Point = [t: number, v: number | null, qc: QualityCode, why?: string];

export interface Series {
  stream: StreamInfo;
  points: Point[];
  gaps: Gap[];
  reduced?: boolean;
}

export interface Camera {
  gateway: string;
  device: string;
  /** Null: no still has come yet. */
  image: string | null;
  t: number | null;
}

/** Pictures of a gateway that never come. */
export interface Missing {
  gateway: string;
  images: string[];
  why: string;
}

/** A role for an area and all below it; the area * is everywhere. */
export interface Grant {
  role: string;
  area: string;
}

/** Who is logged in. */
export interface Me {
  person: string;
  name: string;
  grants: Grant[] | null;
  /** What has to be done before anything else. */
  must: 'password' | 'second-factor' | '';
  /** Goes with every change as X-CSRF-Token. */
  csrf: string;
  /** A screen that somebody keeps here to look at; older aggregators know none. */
  screen?: boolean;
}

export interface LoginSession {
  id: string;
  made: number;
  used: number;
  ends: number;
  address: string;
  agent: string;
  current: boolean;
}

export interface Account {
  id: string;
  name: string;
  active: boolean;
  grants: Grant[] | null;
  second_factor: boolean;
  external: boolean;
  last_login: number | null;
}

/** What the aggregator answered instead of what was asked for. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly id: string,
    readonly text: Texts,
    readonly field?: string,
    /** The body as it came; a 409 carries the alert. */
    readonly body?: unknown,
    /** Seconds to wait before the next attempt; undefined: it does not say. */
    readonly wait?: number,
  ) {
    super(`${status} ${id}`);
  }
}

const base = '/api/v1';

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null;
}

/** What an answer that is a refusal says. */
export async function refusal(answer: Response): Promise<ApiError> {
  return toApiError(answer.status, await answer.text().then(read).catch(() => undefined), answer.headers.get('Retry-After'));
}

function toApiError(status: number, body: unknown, retry: string | null): ApiError {
  const e = isRecord(body) && isRecord(body['error']) ? body['error'] : {};
  const raw = e['text'];
  const text: Texts = isRecord(raw) ? (raw as Texts) : typeof raw === 'string' ? { en: raw } : {};
  const field = typeof e['field'] === 'string' ? e['field'] : undefined;
  const wait = retry && /^\d+$/.test(retry) ? Number(retry) : undefined;
  return new ApiError(status, String(e['id'] ?? ''), text, field, body, wait);
}

/** What the person who is logged in adds to requests; identity.svelte.ts sees to it. */
export const door = {
  /** Goes with every change; empty where nobody is logged in. */
  csrf: '',
  /** Told of every refusal that may be about who asks. */
  onRefused: (_e: ApiError): void => {},
  /** Asks for csrf anew, and says whether it is worth to try again. */
  renew: async (): Promise<boolean> => false,
};

/** Asks for JSON. Throws ApiError when the aggregator refuses, TypeError when it cannot be reached. */
export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  try {
    return await attempt<T>(path, init);
  } catch (e) {
    if (!(e instanceof ApiError)) throw e;
    // Another tab has logged in or changed the password: the value that goes with a change is a new one.
    if (e.id === 'E7207' && (await door.renew())) return attempt<T>(path, init);
    door.onRefused(e);
    throw e;
  }
}

async function attempt<T>(path: string, init: RequestInit): Promise<T> {
  const headers = new Headers(init.headers);
  if (init.method && door.csrf) headers.set('X-CSRF-Token', door.csrf);
  const answer = await fetch(base + path, { ...init, headers, signal: init.signal ?? AbortSignal.timeout(20_000) });
  clock.hint(answer.headers.get('Date'));
  if (!answer.ok) throw await refusal(answer);
  return (await answer.text().then(read).catch(() => undefined)) as T;
}

/** A change, with a JSON body. */
export function post<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  return change<T>('POST', path, body, headers);
}

export function put<T>(path: string, body: unknown): Promise<T> {
  return change<T>('PUT', path, body, {});
}

function change<T>(method: string, path: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<T> {
  return request<T>(path, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

export function query(fields: Record<string, string | number | undefined>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(fields)) if (v !== undefined && v !== '') q.set(k, String(v));
  const s = q.toString();
  return s && `?${s}`;
}

export const part = encodeURIComponent;

/** Active alerts page by page, the newest first. */
async function activePages(atMost: number, severity?: 'red' | 'orange'): Promise<{ alerts: Alert[]; more: boolean }> {
  const alerts: Alert[] = [];
  let after = '';
  do {
    const page = await request<{ alerts: Alert[] | null; next?: string }>(`/alerts${query({ state: 'active', severity, limit: 1000, after })}`);
    alerts.push(...(page.alerts ?? []));
    after = page.next ?? '';
  } while (after && alerts.length < atMost);
  return { alerts, more: after !== '' };
}

export const api = {
  info: () => request<Info>('/info'),
  gateways: async () => (await request<{ gateways: Gateway[] | null }>('/gateways')).gateways ?? [],
  values: async () => {
    const r = await request<{ now: number; values: Value[] | null }>('/values');
    return { now: r.now, values: r.values ?? [] };
  },
  alerts: async (f: { state: 'active' | 'past' | 'all'; gateway?: string; limit?: number }) =>
    (await request<{ alerts: Alert[] | null }>(`/alerts${query(f)}`)).alerts ?? [],
  /** All that are active; `more`: there are more than `atMost`, of which these are the newest and the gravest. */
  activeAlerts: async (atMost: number): Promise<{ alerts: Alert[]; more: boolean }> => {
    const newest = await activePages(atMost);
    if (!newest.more) return newest;
    const urgent = [...(await activePages(atMost, 'red')).alerts, ...(await activePages(atMost, 'orange')).alerts];
    return { alerts: [...new Map([...newest.alerts, ...urgent].map((a) => [a.id, a])).values()], more: true };
  },
  alert: (id: string) => request<Alert>(`/alerts/${part(id)}`),
  acknowledge: (id: string, by: string, note: string) =>
    post<Alert>(`/alerts/${part(id)}/acknowledge`, { by, note }),
  series: async (
    f: { gateway: string; device: string; channel: string; from: number; to: number; max: number },
    signal?: AbortSignal,
  ): Promise<Series> => {
    const r = await request<Series>(`/series${query(f)}`, signal ? { signal } : {});
    return { ...r, points: r.points ?? [], gaps: r.gaps ?? [] };
  },
  /** Whether an export would be made: its path is that of exportURL. */
  mayExport: (path: string) => request<unknown>(path, { method: 'HEAD' }),
  exportURL: (path: string) => base + path,
  /** Of one gateway, or without one of all. */
  gaps: async (f: { gateway?: string; from: number; to: number }) =>
    (await request<{ gaps: Gap[] | null }>(`/gaps${query(f)}`)).gaps ?? [],
  cameras: async () => (await request<{ cameras: Camera[] | null }>('/cameras')).cameras ?? [],
  ways: () => request<{ oidc: boolean }>('/auth/login'),
  login: (person: string, password: string, code: string) =>
    post<Me>('/auth/login', { person, password, ...(code && { code }) }),
  me: () => request<Me>('/auth/me'),
  logout: () => post<unknown>('/auth/logout', {}),
  changePassword: (old: string, fresh: string) => post<Me>('/auth/password', { old, new: fresh }),
  beginFactor: (password: string) => post<{ secret: string; uri: string }>('/auth/second-factor', { password }),
  confirmFactor: (code: string) => post<{ recovery_codes: string[]; me: Me }>('/auth/second-factor/confirm', { code }),
  removeFactor: (password: string) => post<Me>('/auth/second-factor/remove', { password }),
  sessions: async () => (await request<{ sessions: LoginSession[] | null }>('/auth/sessions')).sessions ?? [],
  endSession: (id: string) => post<unknown>(`/auth/sessions/${part(id)}/end`, {}),
  account: (id: string) => request<Account>(`/auth/accounts/${part(id)}`),
  /** Rivers, water, roads and railways, in degrees of WGS 84. */
  ground: () => request<FeatureCollection>('/map'),
  /** Where the browser goes to log in with the identity provider. */
  providerURL: `${base}/auth/oidc/start`,
  imageURL: (id: string) => `${base}/images/${part(id)}.jpg`,
  streamURL: `${base}/stream`,
};
