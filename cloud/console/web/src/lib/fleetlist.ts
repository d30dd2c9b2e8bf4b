// The fleet as a list: what is wrong with each gateway, and which comes first. Pure.
import type { Alert, Gap, Gateway } from './api';
import type { Point } from './map/points';
import type { Summary } from './model';
import { worse } from './severity';

const hour = 3_600_000;
/** Records; below this a gateway is merely waiting for the next acknowledgement. */
const backlog = 1000;

/** Times without data in a day. */
export interface GapCount {
  n: number;
  longest: number;
}

export interface Line {
  id: string;
  info: Gateway;
  summary: Summary;
  /** Since when it has said nothing, ms; Infinity: it never has. */
  quiet: number;
  gaps: GapCount | undefined;
  old: boolean;
  flags: ReadonlySet<Filter>;
}

export const filters = ['silent', 'gaps', 'version', 'clock', 'trouble'] as const;
export type Filter = (typeof filters)[number];

/** Counts gaps by gateway, as far as they lie in the span. */
export function countGaps(gaps: readonly Gap[], from: number, to: number): Map<string, GapCount> {
  const by = new Map<string, GapCount>();
  for (const g of gaps) {
    const long = Math.min(g.to, to) - Math.max(g.from, from);
    if (!g.gateway || long < 0) continue;
    const c = by.get(g.gateway) ?? { n: 0, longest: 0 };
    by.set(g.gateway, { n: c.n + 1, longest: Math.max(c.longest, long) });
  }
  return by;
}

/** Which of two versions is later: by the numbers in them, then by the rest. */
export function compareVersions(a: string, b: string): number {
  const split = (v: string) => v.replace(/^v/, '').split(/[.+-]/);
  const [x, y] = [split(a), split(b)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [p = '', q = ''] = [x[i], y[i]];
    if (p === q) continue;
    const [m, n] = [Number(p || 'x'), Number(q || 'x')];
    if (!Number.isNaN(m) && !Number.isNaN(n)) return m - n;
    // 1.2.0-rc1 comes before 1.2.0, a number before no number.
    if (p === '' || q === '') return p === '' ? (Number.isNaN(n) ? 1 : -1) : Number.isNaN(m) ? -1 : 1;
    return p < q ? -1 : 1;
  }
  return 0;
}

/** A version that says where it stands among others; one that somebody built themselves ("dev", a commit's name) does not. */
const numbered = (version: string) => /^v?\d+\.\d/.test(version);

/** Where those of the lines stand that have a place, with the worst of their active alerts. */
export function pointsOf(lines: readonly Line[], active: readonly Alert[]): Point[] {
  const worst = new Map<string, string>();
  for (const a of active) worst.set(a.gateway, worse(worst.get(a.gateway) ?? '', a.severity));
  return lines.flatMap(({ id, info, summary }) =>
    info.position ? [{ id, name: info.name || id, at: info.position, worst: worst.get(id) ?? '', online: info.online, bad: info.online ? summary.bad : 0 }] : [],
  );
}

export function newestVersion(list: readonly Gateway[]): string {
  return list.map((g) => g.version ?? '').filter(numbered).reduce((a, b) => (compareVersions(a, b) >= 0 ? a : b), '');
}

/** What stands on a line. gaps is undefined while they are not known. */
export function lineOf(info: Gateway, summary: Summary, gaps: ReadonlyMap<string, GapCount> | undefined, newest: string, now: number): Line {
  const quiet = info.last_seen ? Math.max(0, now - info.last_seen) : info.online ? 0 : Infinity;
  const mine = gaps && (gaps.get(info.id) ?? { n: 0, longest: 0 });
  const old = numbered(info.version ?? '') && compareVersions(info.version ?? '', newest) < 0;
  const flags = new Set<Filter>();
  if (quiet >= hour) flags.add('silent');
  if (mine && mine.n > 0) flags.add('gaps');
  if (old) flags.add('version');
  if (info.clock === 'unsynced' || info.clock === 'held') flags.add('clock');
  const line = { id: info.id, info, summary, quiet, gaps: mine, old, flags };
  if (weight(line) < calm) flags.add('trouble');
  return line;
}

const calm = 6;

/** How bad it is: the smaller the worse; calm and above needs nobody. */
function weight(l: Line): number {
  const { info } = l;
  if (!info.online) return 0;
  if (info.conflict || (info.health ?? []).some((h) => h.level === 'fail')) return 1;
  if (l.summary.bad > 0) return 2;
  if (info.clock === 'unsynced') return 3;
  if ((info.journal?.waiting ?? 0) > backlog || (info.journal?.lost ?? 0) > 0) return 4;
  if ((info.health ?? []).some((h) => h.level === 'warn')) return 5;
  if (l.gaps && l.gaps.n > 0) return calm;
  return l.old || info.clock === 'held' ? calm + 1 : calm + 2;
}

/** The worst first: of those that are away the longest away, of those with gaps the longest gap. */
export function compareLines(a: Line, b: Line): number {
  const w = weight(a) - weight(b);
  if (w !== 0) return w;
  if (!a.info.online && a.quiet !== b.quiet) return b.quiet > a.quiet ? 1 : -1;
  return (b.gaps?.longest ?? 0) - (a.gaps?.longest ?? 0) || (a.id < b.id ? -1 : 1);
}
