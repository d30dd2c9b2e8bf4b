import { describe, expect, test } from 'vitest';
import type { Alert, Gateway } from './api';
import { compareLines, compareVersions, countGaps, lineOf, newestVersion, pointsOf } from './fleetlist';
import { emptySummary } from './model';

const now = 1_795_400_000_000;
const hour = 3_600_000;
const gateway = (id: string, more: Partial<Gateway> = {}): Gateway => ({ id, online: true, last_seen: now - 1000, version: '1.2.0', clock: 'synced', ...more });
const line = (g: Gateway, gaps = new Map<string, { n: number; longest: number }>(), summary = emptySummary) => lineOf(g, summary, gaps, '1.2.0', now);

describe('gaps', () => {
  test('are counted by gateway, as far as they lie in the day', () => {
    const gap = (g: string, from: number, to: number) => ({ gateway: g, from, to, why: 'power' });
    const counted = countGaps([gap('a', 0, 50), gap('a', 90, 200), gap('b', 100, 130), gap('c', 500, 900)], 20, 150);
    expect([...counted]).toEqual([['a', { n: 2, longest: 60 }], ['b', { n: 1, longest: 30 }]]);
  });
});

test.each([
  ['1.2.0', '1.10.0', -1],
  ['v1.2.0', '1.2.0', 0],
  ['1.2.0', '1.2', 1],
  ['1.2.0-rc1', '1.2.0', -1],
  ['', '0.1', -1],
  ['1.2.0-rc1', '1.2.0-rc2', -1],
])('version %s against %s', (a, b, want) => {
  expect(Math.sign(compareVersions(a, b))).toBe(want);
  expect(Math.sign(compareVersions(b, a))).toBe(want === 0 ? 0 : -want);
});

test('the newest version is that of the fleet', () => {
  expect(newestVersion([gateway('a', { version: '1.9.1' }), gateway('b', { version: '1.10.0' }), gateway('c', { version: '' })])).toBe('1.10.0');
  expect(newestVersion([])).toBe('');
  expect(newestVersion([gateway('a', { version: 'dev' })])).toBe('');
});

test('a commit is no version: it is neither old nor makes others old', () => {
  const g = gateway('a', { version: '9c27bba2' });
  expect(newestVersion([g, gateway('b')])).toBe('1.2.0');
  expect(line(g).old).toBe(false);
});

test('on the map stand those that have a place, with their worst alert', () => {
  const at = { lat: 30, lon: 120 };
  const alert = (g: string, severity: string) => ({ gateway: g, severity }) as Alert;
  const points = pointsOf(
    [line(gateway('a', { position: at })), line(gateway('b')), line(gateway('c', { position: at, online: false }), undefined, { ...emptySummary, bad: 3 })],
    [alert('a', 'blue'), alert('a', 'orange'), alert('b', 'red')],
  );
  expect(points.map((p) => [p.id, p.worst, p.online, p.bad])).toEqual([['a', 'orange', true, 0], ['c', '', false, 0]]);
});

describe('a line', () => {
  test('says what it is found by', () => {
    const flags = (g: Gateway, gaps = new Map<string, { n: number; longest: number }>()) => [...line(g, gaps).flags].sort();
    expect(flags(gateway('a'))).toEqual([]);
    expect(flags(gateway('a', { last_seen: now - 2 * hour, online: false }))).toEqual(['silent', 'trouble']);
    expect(flags(gateway('a', { last_seen: now - hour + 1, online: false }))).toEqual(['trouble']);
    expect(flags(gateway('a', { last_seen: 0, online: false }))).toEqual(['silent', 'trouble']);
    expect(flags(gateway('a', { version: '1.1.9' }))).toEqual(['version']);
    expect(flags(gateway('a', { clock: 'held' }))).toEqual(['clock']);
    expect(flags(gateway('a', { clock: 'unsynced' }))).toEqual(['clock', 'trouble']);
    expect(flags(gateway('a'), new Map([['a', { n: 2, longest: 5 }]]))).toEqual(['gaps']);
  });

  test('claims nothing of gaps that are not known', () => {
    const l = lineOf(gateway('a'), emptySummary, undefined, '', now);
    expect(l.gaps).toBeUndefined();
    expect(l.flags.has('gaps')).toBe(false);
  });
});

test('the worst comes first', () => {
  const gaps = new Map([['gap-long', { n: 1, longest: 9000 }], ['gap-short', { n: 7, longest: 20 }]]);
  const list = [
    gateway('well'),
    gateway('old', { version: '1.0.0' }),
    gateway('gap-short'),
    gateway('gap-long'),
    gateway('lost', { journal: { bytes: 1, quota: 2, waiting: 0, oldest_ms: 0, commit_ms: 0, lost: 3 } }),
    gateway('clockless', { clock: 'unsynced' }),
    gateway('ill', { health: [{ id: 'disk', level: 'fail', text: {} }] }),
    gateway('away', { online: false, last_seen: now - hour }),
    gateway('long-away', { online: false, last_seen: now - 30 * hour }),
    gateway('never', { online: false, last_seen: 0 }),
  ];
  const order = list.map((g) => line(g, gaps)).sort(compareLines).map((l) => l.id);
  expect(order).toEqual(['never', 'long-away', 'away', 'ill', 'clockless', 'lost', 'gap-long', 'gap-short', 'old', 'well']);
});
