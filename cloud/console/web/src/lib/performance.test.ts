import { describe, expect, test } from 'vitest';
import { atLeast, atMost, daysOf, judgeAnswers, judgeLoad, judgeOverdue, strip, type Group, type Load, type Performance } from './performance';

describe('the days of a span', () => {
  const own = { from: '2026-01-05', to: '2026-02-06' };
  test.each([
    ['today', '2026-11-23', '2026-11-23', '2026-11-23'],
    ['week', '2026-11-03', '2026-10-28', '2026-11-03'],
    ['days30', '2026-03-01', '2026-01-31', '2026-03-01'],
    ['month', '2026-11-23', '2026-11-01', '2026-11-23'],
    ['before', '2026-03-31', '2026-02-01', '2026-02-28'],
    ['before', '2026-01-01', '2025-12-01', '2025-12-31'],
    ['own', '2026-11-23', own.from, own.to],
  ] as const)('%s on %s', (span, today, from, to) => {
    expect(daysOf(span, today, own)).toEqual({ from, to });
  });
});

describe('what a figure is judged to be', () => {
  test('shares, with the limits on the better side', () => {
    expect([19, 18.9, 17, 16.9].map((n) => atLeast(n, 20, 0.95, 0.85))).toEqual(['good', 'watch', 'watch', 'bad']);
    expect([2, 3, 5, 6].map((n) => atMost(n, 20, 0.1, 0.25))).toEqual(['good', 'watch', 'watch', 'bad']);
    expect([atLeast(0, 0, 0.95, 0.85), atLeast(0, 4, 0.95, 0.85), atMost(0, 0, 0, 0), atMost(4, 4, 0, 0)]).toEqual(['none', 'few', 'none', 'few']);
  });
  test('one case without an answer is one too many', () => {
    const of = (closed: number, answered: number) => judgeAnswers({ closed, answered } as Group);
    expect([of(0, 0), of(1, 1), of(1000, 999)]).toEqual(['none', 'good', 'bad']);
  });
  test('what is overdue, by its age', () => {
    const of = (...ages: number[]) => judgeOverdue({ overdue: { cases: ages.reduce((a, b) => a + b), ages } } as unknown as Performance);
    expect([of(0, 0, 0, 0), of(3, 2, 0, 0), of(0, 0, 1, 0), of(9, 0, 0, 1)]).toEqual(['good', 'watch', 'bad', 'bad']);
  });
  test('the load of one person', () => {
    const l = (x: Partial<Load>) => x as Load;
    expect([1, 1.01, 2, 2.01].map((n) => judgeLoad.rate(l({ per_10_min: n })))).toEqual(['good', 'watch', 'watch', 'bad']);
    expect([0, 0.009, 0.01, 0.05].map((share) => judgeLoad.flood(l({ floods: { share } as Load['floods'] })))).toEqual(['good', 'good', 'watch', 'bad']);
    expect([4, 5, 10, 11].map((standing) => judgeLoad.standing(l({ standing })))).toEqual(['good', 'watch', 'watch', 'bad']);
    expect([0, 99, 100].map((alerts) => judgeLoad.top(l({ alerts, from_top_ten: 0.5 })))).toEqual(['none', 'few', 'bad']);
  });
});

test('the strip has its limit in sight, and reaches the highest bar', () => {
  const slot = (most_10_min: number) => ({ at: 0, alerts: most_10_min, most_10_min });
  expect(strip([slot(0), slot(6)])).toEqual({ bars: [0, 0.5], limit: 10 / 12, most: 6 });
  expect(strip([slot(40), slot(10)])).toEqual({ bars: [1, 0.25], limit: 0.25, most: 40 });
  expect(strip([])).toEqual({ bars: [], limit: 10 / 12, most: 0 });
});
