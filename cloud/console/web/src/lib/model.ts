// What the console knows and how news changes it, as pure functions. News may
// come twice, late and in any order (a snapshot races with the live stream), so
// each merge keeps the newer one.
import type { Alert, AlertPicture, Command, Device, Gateway, Health, QualityCode, Value } from './api';
import { lookOf } from './severity';

/** The pseudo channel under which the failed sample of a whole device travels. */
export const faultChannel = 'fault';

export function streamKey(s: { gateway: string; device: string; channel: string }): string {
  return `${s.gateway}/${s.device}/${s.channel}`;
}

/** The newer of two readings. What the newer one leaves unsaid about the stream is kept from the older. */
export function mergeValue(old: Value | undefined, next: Value): Value {
  if (!old) return next;
  if (next.t < old.t) return old;
  return {
    ...next,
    metric: next.metric ?? old.metric,
    unit: next.unit ?? old.unit,
    unit_text: next.unit_text ?? old.unit_text,
    label: next.label ?? old.label,
    decimals: next.decimals ?? old.decimals,
    every_ms: next.every_ms ?? old.every_ms,
  };
}

/**
 * The newer of two revisions. Within one revision the later to arrive counts,
 * but neither an acknowledgement nor the details of an alert are forgotten: lists
 * leave them out. Only an alert that got worse has to be seen anew.
 */
export function mergeAlert(old: Alert | undefined, next: Alert): Alert {
  if (!old) return next;
  const newer = next.rev >= old.rev ? next : old;
  const other = newer === next ? old : next;
  return {
    ...newer,
    acknowledged: newer.acknowledged ?? (newer.rev > other.rev && isWorse(newer, other) ? null : (other.acknowledged ?? null)),
    command: laterCommand(newer.command, other.command),
    image: newer.image || other.image || '',
    pictures: mergePictures(newer.pictures, other.pictures),
    missing: newer.missing || other.missing ? { ...other.missing, ...newer.missing } : null,
    evidence: newer.evidence?.length ? newer.evidence : (other.evidence ?? null),
    history: longer(newer.history, other.history),
    timeline: longer(newer.timeline, other.timeline),
  };
}

/** The pictures of the newer revision, with the times that only an alert asked for alone knows. */
function mergePictures(newer: Alert['pictures'], other: Alert['pictures']): AlertPicture[] | null {
  if (!newer?.length) return other ?? null;
  return newer.map((p) => ({ ...p, t: p.t ?? other?.find((o) => o.image === p.image)?.t ?? null }));
}

/** Whether an alert is more severe than it was, or no forecast any more. */
function isWorse(is: Alert, was: Alert): boolean {
  return (
    is.condition === 'active' &&
    (lookOf(is.severity).rank < lookOf(was.severity).rank || (was.stage === 'forecast' && is.stage === 'actual'))
  );
}

/** Of two commands the one asked for later; of one command what it has become. */
function laterCommand(a: Command | null | undefined, b: Command | null | undefined): Command | null {
  if (!a || !b) return a ?? b ?? null;
  if (a.id !== b.id) return a.issued >= b.issued ? a : b;
  return a.state === 'waiting' ? b : a;
}

function longer<T>(a: T[] | null | undefined, b: T[] | null | undefined): T[] | null {
  return (a?.length ?? 0) >= (b?.length ?? 0) ? (a ?? null) : (b ?? null);
}

/** Most severe first, then those nobody has acknowledged, then the newest. */
export function compareActive(a: Alert, b: Alert): number {
  return (
    lookOf(a.severity).rank - lookOf(b.severity).rank ||
    Number(!!a.acknowledged) - Number(!!b.acknowledged) ||
    b.since - a.since ||
    (a.id < b.id ? -1 : 1)
  );
}

/** The most recently ended first. */
export function comparePast(a: Alert, b: Alert): number {
  return (b.cleared ?? b.at) - (a.cleared ?? a.at) || (a.id < b.id ? 1 : -1);
}

/** What a stream's interval is taken for while it is not known, in milliseconds. */
export const unknownInterval = 60_000;

/** A reading is stale when three of its intervals have passed without a newer one. */
export function isStale(t: number, everyMs: number | undefined, now: number): boolean {
  return now - t > 3 * Math.max(everyMs || unknownInterval, 1000);
}

/** What a reading says about the present: it is the present, it is too old, or its gateway is away and nobody knows. */
export type Standing = 'current' | 'stale' | 'silent';

/** How a reading stands. `online` is its gateway's; of one that is not known nothing bad is said. */
export function standingOf(v: Pick<Value, 't' | 'every_ms'>, online: boolean | undefined, now: number): Standing {
  if (online === false) return 'silent';
  return isStale(v.t, v.every_ms, now) ? 'stale' : 'current';
}

export type Judgement = 'good' | 'unchecked' | 'suspect' | 'fail' | 'missing';

export function judge(qc: QualityCode): Judgement {
  switch (qc) {
    case 1:
      return 'good';
    case 3:
      return 'suspect';
    case 4:
      return 'fail';
    case 9:
      return 'missing';
    default:
      return 'unchecked';
  }
}

/** How a gateway is doing, in numbers. */
export interface Summary {
  devices: number;
  /** Devices that answer, as far as their gateway says and can be heard. */
  answering: number;
  /** Devices that are silent or at fault. The rest, devices − answering − bad, is not known. */
  bad: number;
  streams: number;
  /** Streams whose newest reading is not the present: too old, or of a gateway that is away. */
  stale: number;
  /** Streams whose newest reading is the present and suspect, failed or missing. */
  doubtful: number;
}

export const emptySummary: Summary = { devices: 0, answering: 0, bad: 0, streams: 0, stale: 0, doubtful: 0 };

/** Whether a device answers, does not, or cannot be known to: its gateway is away, or it is only starting. */
export function deviceStanding(d: Device, online: boolean): 'answering' | 'bad' | 'unknown' {
  if (!online) return 'unknown';
  if (d.state === 'silent' || d.state === 'fault') return 'bad';
  return d.state === 'ok' ? 'answering' : 'unknown';
}

/** Devices of a gateway that is there which do not answer, or may not, and of which its own health says nothing. */
export function unmentioned(devices: readonly Device[], health: readonly Health[]): { level: 'fail' | 'info'; ids: string[] }[] {
  const named = new Set(health.map((h) => h.about));
  const found = { bad: [] as string[], unknown: [] as string[] };
  for (const d of devices) {
    const standing = deviceStanding(d, true);
    if (standing !== 'answering' && !named.has(d.id)) found[standing].push(d.id);
  }
  const levels = [{ level: 'fail' as const, ids: found.bad }, { level: 'info' as const, ids: found.unknown }];
  return levels.filter((l) => l.ids.length > 0);
}

export function summarize(g: Gateway, values: Iterable<Value>, now: number): Summary {
  const s = { ...emptySummary };
  for (const d of g.devices ?? []) {
    s.devices++;
    const standing = deviceStanding(d, g.online);
    if (standing !== 'unknown') s[standing]++;
  }
  for (const v of values) {
    if (v.channel === faultChannel) continue;
    s.streams++;
    if (standingOf(v, g.online, now) !== 'current') s.stale++;
    else if (v.qc === 3 || v.qc === 4 || v.qc === 9) s.doubtful++;
  }
  return s;
}

export function addSummaries(a: Summary, b: Summary): Summary {
  return {
    devices: a.devices + b.devices,
    answering: a.answering + b.answering,
    bad: a.bad + b.bad,
    streams: a.streams + b.streams,
    stale: a.stale + b.stale,
    doubtful: a.doubtful + b.doubtful,
  };
}

export function sameSummary(a: Summary, b: Summary): boolean {
  return (
    a.devices === b.devices &&
    a.answering === b.answering &&
    a.bad === b.bad &&
    a.streams === b.streams &&
    a.stale === b.stale &&
    a.doubtful === b.doubtful
  );
}

/** Whether a person should look at this gateway. Its alerts are counted elsewhere. */
export function inTrouble(g: Gateway, s: Summary): boolean {
  const bad = (g.health ?? []).some((h) => h.level !== 'info');
  return !g.online || !!g.conflict || bad || s.bad > 0 || s.stale > 0 || s.doubtful > 0;
}

/** Channels in the order the device declares them; what it does not declare follows by name. */
export function orderChannels<T extends { channel: string }>(declared: readonly string[], found: readonly T[]): T[] {
  const place = new Map(declared.map((c, i) => [c, i]));
  const at = (c: string) => place.get(c) ?? declared.length;
  return [...found].sort((a, b) => at(a.channel) - at(b.channel) || a.channel.localeCompare(b.channel));
}

/**
 * Deals panels onto columns, each to the shortest so far. Depends only on what
 * a panel always contains, so that nothing moves while people read.
 */
export function dealColumns<T>(panels: readonly T[], height: (p: T) => number, columns: number): T[][] {
  const out: T[][] = Array.from({ length: Math.max(1, columns) }, () => []);
  const heights = out.map(() => 0);
  for (const p of panels) {
    const i = heights.indexOf(Math.min(...heights));
    out[i]!.push(p);
    heights[i]! += height(p);
  }
  return out;
}

export interface AlertFilter {
  severity: string;
  gateway: string;
  text: string;
  unacknowledged: boolean;
}

/** How severe an alert is; of one that is over, how severe it was at its worst. */
export function severityOf(a: Alert): string {
  return a.condition === 'active' ? a.severity : a.worst || a.severity;
}

export function matchesAlert(a: Alert, f: AlertFilter): boolean {
  if (f.severity && severityOf(a) !== f.severity) return false;
  if (f.gateway && a.gateway !== f.gateway) return false;
  if (f.unacknowledged && a.acknowledged) return false;
  const words = f.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const hay = [a.gateway, a.device, a.channel, a.rule, ...Object.values(a.text ?? {})].join(' ').toLowerCase();
  return words.every((w) => hay.includes(w));
}

/** The label of a stream: the metric's words, with the qualifier of a channel such as temp.inlet behind. */
export function qualifierOf(channel: string): string {
  const dot = channel.indexOf('.');
  return dot < 0 ? '' : channel.slice(dot + 1);
}

