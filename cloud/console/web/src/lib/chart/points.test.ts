import { describe, expect, test } from 'vitest';
import type { Point, QualityCode, Value } from '../api';
import type { Band } from './bands';
import { append, digitsOf, nearest, rowsOf, statistics, toColumns, valueRange } from './points';

const p = (t: number, v: number | null, qc: QualityCode = 1, why = ''): Point => [t, v, qc, why];
const value = (t: number, v: number | null, qc: QualityCode = 1): Value => ({ gateway: 'g', device: 'd', channel: 'c', t, v, qc });
const gap = (from: number, to: number): Band => ({ from, to, why: 'power', detail: '', kind: 'declared' });

describe('columns', () => {
  test('join readings that follow each other', () => {
    expect(toColumns([p(0, 1), p(5000, 2)], [], 15_000)).toEqual({ x: [0, 5], y: [1, 2], marks: [] });
  });

  test('break where too much time passed', () => {
    expect(toColumns([p(0, 1), p(20_000, 2)], [], 15_000)).toMatchObject({ x: [0, 10, 20], y: [1, null, 2] });
  });

  test('break at a declared gap, however short', () => {
    expect(toColumns([p(0, 1), p(5000, 2)], [gap(1000, 4000)], 15_000).y).toEqual([1, null, 2]);
    expect(toColumns([p(0, 1), p(5000, 2)], [gap(6000, 9000)], 15_000).y).toEqual([1, 2]);
  });

  test('suspect readings are on the line and marked, failed ones only marked, missing ones neither', () => {
    const c = toColumns([p(0, 1), p(5000, 9, 3), p(10_000, 999, 4), p(15_000, null, 9), p(20_000, 2)], [], 15_000);
    expect(c.y).toEqual([1, 9, null, null, 2]);
    expect(c.marks).toEqual([
      { t: 5000, v: 9, kind: 'suspect' },
      { t: 10_000, v: 999, kind: 'fail' },
    ]);
  });
});

describe('live readings', () => {
  const have = [p(1000, 1), p(2000, 2), p(3000, 3)];

  test('are added in their place, what is too old is dropped', () => {
    expect(append(have, [value(4000, 4), value(2500, 9), value(500, 0)], 2000).map((x) => x[0])).toEqual([2000, 2500, 3000, 4000]);
  });

  test('replace the same moment: a late verdict', () => {
    expect(append(have, [value(2000, 2, 3)], 0)[1]).toEqual([2000, 2, 3, undefined]);
    expect(append(have, [value(2000, 2, 3)], 0)).toHaveLength(3);
  });

  test('leave the old list as it was', () => {
    append(have, [value(4000, 4)], 3000);
    expect(have).toHaveLength(3);
  });
});

describe('the value axis', () => {
  test('holds readings and limits, with room', () => {
    const [low, high] = valueRange([p(0, 2), p(1, 3)], [3.2], 3);
    expect(low).toBeGreaterThan(1.8);
    expect(low).toBeLessThan(2);
    expect(high).toBeGreaterThan(3.2);
  });

  test('is not stretched by what failed', () => {
    expect(valueRange([p(0, 2), p(1, 3), p(2, 9999, 4)], [], 1)[1]).toBeLessThan(4);
  });

  test('never flat, and noise of one step does not fill it', () => {
    const [low, high] = valueRange([p(0, 5), p(1, 5.1)], [], 1);
    expect(high - low).toBeGreaterThanOrEqual(1);
  });

  test('does not go below zero for what cannot', () => {
    expect(valueRange([p(0, 0), p(1, 1)], [], 1)[0]).toBe(0);
    expect(valueRange([p(0, -3), p(1, 1)], [], 1)[0]).toBeLessThan(-3);
  });

  test('of nothing is something', () => {
    expect(valueRange([], [])).toEqual([0, 1]);
  });
});

test('statistics leave out what failed or is missing', () => {
  const points = [p(0, 2), p(1, 4, 3), p(2, 999, 4), p(3, null, 9)];
  expect(statistics(points)).toEqual({ low: 2, high: 4, mean: 3, count: 2 });
  expect(statistics([p(0, 9, 4)])).toBeUndefined();
});

test.each([
  [1999, 1],
  [1400, 0],
  [-100, 0],
  [3400, 2],
  [9000, -1],
])('nearest to %d', (t, want) => expect(nearest([p(1000, 1), p(2000, 2), p(3000, 3)], t, 1500)).toBe(want));

test('nearest of none', () => expect(nearest([], 5, 1e9)).toBe(-1));

test('rows: newest first, a gap where it began, missing readings in their gap', () => {
  const rows = rowsOf([p(1000, 1), p(2000, null, 9), p(5000, 5)], [gap(1500, 4000)]);
  expect(rows.map((r) => `${r.kind} ${r.t}`)).toEqual(['point 5000', 'gap 1500', 'point 1000']);
});

test('an axis says its steps as they are', () => {
  expect([0.25, 2.5, 0.1, 0.05, 1, 20, 0.0025, 1e-5].map(digitsOf)).toEqual([2, 1, 1, 2, 0, 0, 4, 5]);
  expect(digitsOf(0.1 + 0.2)).toBe(1);
});
