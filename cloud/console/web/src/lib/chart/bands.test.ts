import { describe, expect, test } from 'vitest';
import type { Point } from '../api';
import { bandAt, bandsOf, breakAfter, hatch, subtract } from './bands';

const s = 1000;
const at = (seconds: number, v: number | null = 1, why = ''): Point => [seconds * s, v, v === null ? 9 : 1, why];
const every = (from: number, to: number, step = 5) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => at(from + i * step));
const limit = 15 * s;
const window = { from: 0, to: 300 * s };
const brief = (points: Point[], gaps: Parameters<typeof bandsOf>[1] = [], w = window) =>
  bandsOf(points, gaps, w, limit).map((b) => `${b.kind} ${b.from / s}-${b.to / s} ${b.why}`);

describe('bands', () => {
  test('none while readings come', () => {
    expect(brief(every(0, 300))).toEqual([]);
  });

  test('what is declared, with its reason', () => {
    const points = [...every(0, 100), ...every(200, 300)];
    expect(brief(points, [{ from: 98 * s, to: 199 * s, why: 'power' }])).toEqual(['declared 98-199 power']);
  });

  test('silence nobody has explained', () => {
    expect(brief([...every(0, 100), ...every(200, 300)])).toEqual(['silence 100-200 no-data']);
  });

  test('the unexplained rest beside a gap that is too short', () => {
    const points = [...every(0, 100), ...every(200, 300)];
    expect(brief(points, [{ from: 130 * s, to: 190 * s, why: 'power' }])).toEqual([
      'silence 100-130 no-data',
      'declared 130-190 power',
    ]);
  });

  test('failed reads, up to the next reading, one band for each reason', () => {
    const points = [...every(0, 95), at(100, null, 'timeout'), at(105, null, 'timeout'), at(110, null, 'checksum'), ...every(115, 300)];
    expect(brief(points)).toEqual(['missing 100-110 timeout', 'missing 110-115 checksum']);
  });

  test('reads that fail to this moment', () => {
    const points = [...every(0, 280), at(285, null, 'timeout'), at(290, null, 'timeout'), at(295, null, 'timeout')];
    expect(brief(points)).toEqual(['missing 285-300 timeout']);
  });

  test('reads that failed before all fell silent', () => {
    const points = [...every(0, 90), at(95, null, 'timeout'), at(100, null, 'timeout')];
    expect(brief(points)).toEqual(['missing 95-100 timeout', 'silence 100-300 no-data']);
  });

  test('silence to this moment, but not the ordinary pause', () => {
    expect(brief(every(0, 200))).toEqual(['silence 200-300 no-data']);
    expect(brief(every(0, 290))).toEqual([]);
  });

  test('nothing before the first reading: the stream may not have existed', () => {
    expect(brief(every(200, 300))).toEqual([]);
    expect(brief([])).toEqual([]);
  });

  test('what the aggregator found silent and what has been silent since are one', () => {
    expect(brief(every(0, 100), [{ from: 100 * s, to: 200 * s, why: 'no-data' }])).toEqual(['silence 100-300 no-data']);
  });

  test('gaps are cut to the window, and what lies outside is left out', () => {
    expect(
      brief(every(0, 300), [
        { from: -50 * s, to: 10 * s, why: 'power' },
        { from: 400 * s, to: 500 * s, why: 'quota' },
      ]),
    ).toEqual(['declared 0-10 power']);
  });
});

test('one that is declared explains more than one that is not', () => {
  const bands = bandsOf([...every(0, 100), ...every(200, 300)], [{ from: 150 * s, to: 199 * s, why: 'quota' }], window, limit);
  expect(bandAt(bands, 150 * s)?.why).toBe('quota');
  expect(bandAt(bands, 120 * s)?.why).toBe('no-data');
  expect(bandAt(bands, 50 * s)).toBeUndefined();
});

test.each([
  ['three intervals and a little', every(0, 100), 5000, false, 17_000],
  ['of a fast sensor', every(0, 10, 1), 100, false, 2300],
  ['thinned out: four steps', every(0, 3000, 60), 5000, true, 240_000],
  ['thinned out, but too few to tell', every(0, 5), 5000, true, 17_000],
  ['interval not known', every(0, 100), 0, false, 182_000],
])('the line breaks after %s', (_, points, everyMs, reduced, want) => {
  expect(breakAfter(points, everyMs, reduced)).toBe(want);
});

test.each([
  ['nothing', [], ['0-10']],
  ['the middle', [[3, 5]], ['0-3', '5-10']],
  ['an edge', [[-2, 4]], ['4-10']],
  ['everything', [[0, 10]], []],
  ['two that overlap', [[1, 4], [3, 6]], ['0-1', '6-10']],
  ['one beside it', [[10, 12]], ['0-10']],
] as [string, [number, number][], string[]][])('0-10 without %s', (_, others, want) => {
  const got = subtract({ from: 0, to: 10 }, others.map(([from, to]) => ({ from, to })));
  expect(got.map((g) => `${g.from}-${g.to}`)).toEqual(want);
});

describe('hatching', () => {
  const lines = hatch(13, 7, 40, 25, 6);

  test('stays in the box', () => {
    for (const [x0, y0, x1, y1] of lines) {
      for (const x of [x0, x1]) expect(x).toBeGreaterThanOrEqual(13), expect(x).toBeLessThanOrEqual(53);
      for (const y of [y0, y1]) expect(y).toBeGreaterThanOrEqual(7), expect(y).toBeLessThanOrEqual(32);
    }
  });

  test('rises at 45 degrees, at even distances', () => {
    expect(lines.length).toBeGreaterThan(8);
    for (const [x0, y0, x1, y1] of lines) expect(x1 - x0).toBeCloseTo(y0 - y1);
    const c = lines.map(([x0, y0]) => x0 + y0);
    for (let i = 1; i < c.length; i++) expect(c[i]! - c[i - 1]!).toBeCloseTo(6);
  });

  test('is one pattern across boxes that touch', () => {
    const grid = (l: typeof lines) => l.every(([x0, y0]) => Math.abs((x0 + y0) % 6) < 1e-9);
    expect(grid(lines) && grid(hatch(53, 7, 11, 25, 6))).toBe(true);
  });

  test('of nothing is nothing', () => {
    expect(hatch(0, 0, 0, 10, 6)).toEqual([]);
  });
});
