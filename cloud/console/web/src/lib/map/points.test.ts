import { describe, expect, test } from 'vitest';
import { worse } from '../severity';
import { around, Marks, type Point } from './points';

const point = (id: string, lat: number, lon: number, more: Partial<Point> = {}): Point => ({
  id, name: id, at: { lat, lon }, worst: '', online: true, bad: 0, ...more,
});
const world: [number, number, number, number] = [-180, -85, 180, 85];

describe('marks', () => {
  test('far points stand alone, near ones are one mark with the worst and the away of them', () => {
    const marks = new Marks([
      point('a', 30.3, 120.1, { worst: 'yellow' }),
      point('b', 30.3001, 120.1001, { worst: 'red', online: false, bad: 2 }),
      point('c', 30.9, 121.1),
    ]).within(world, 10);
    expect(marks).toHaveLength(2);
    expect(marks.find((m) => m.point)).toMatchObject({ key: 'c', n: 1, worst: '', away: 0 });
    expect(marks.find((m) => !m.point)).toMatchObject({ n: 2, worst: 'red', away: 1, bad: 2 });
  });

  test('no point is lost or told twice, at any zoom', () => {
    const points = Array.from({ length: 2000 }, (_, i) =>
      point(`g${i}`, 30 + ((i * 7919) % 1000) / 1000, 120 + ((i * 104729) % 1000) / 1000, {
        online: i % 9 > 0,
        worst: i === 77 ? 'red' : i % 50 === 0 ? 'blue' : '',
      }),
    );
    const marks = new Marks(points);
    for (let zoom = 3; zoom <= 18; zoom++) {
      const all = marks.within(world, zoom);
      expect(all.reduce((n, m) => n + m.n, 0)).toBe(2000);
      expect(all.reduce((n, m) => n + m.away, 0)).toBe(223);
      expect(all.filter((m) => m.worst === 'red')).toHaveLength(1);
      expect(new Set(all.map((m) => m.key)).size).toBe(all.length);
    }
  });

  test('ten thousand are few marks where the whole city is seen, and new states are in them without new places', () => {
    const city = (worst: (i: number) => string, away: (i: number) => boolean) =>
      Array.from({ length: 10_000 }, (_, i) =>
        point(`g${i}`, 30 + ((i * 7919) % 10_000) / 50_000, 120 + ((i * 104_729) % 9_973) / 50_000, { worst: worst(i), online: !away(i), bad: i % 2 }),
      );
    const marks = new Marks(city(() => '', () => false));
    const before = marks.within(world, 11);
    expect(before.length).toBeLessThan(200);
    expect(before.every((m) => m.worst === '' && m.away === 0)).toBe(true);
    const then = city((i) => (i === 4321 ? 'red' : i % 100 === 0 ? 'yellow' : ''), (i) => i % 10 === 3);
    expect(marks.update(then)).toBe(true);
    for (const zoom of [5, 11, 14, 18]) {
      const after = marks.within(world, zoom);
      expect(after.reduce((n, m) => n + m.n, 0)).toBe(10_000);
      expect(after.reduce((n, m) => n + m.away, 0)).toBe(1000);
      expect(after.reduce((n, m) => n + m.bad, 0)).toBe(5000);
      expect(after.filter((m) => m.worst === 'red')).toHaveLength(1);
      expect(after).toEqual(new Marks(then).within(world, zoom));
    }
    expect(marks.within(world, 11).map((m) => m.key)).toEqual(before.map((m) => m.key));
  });

  test('points that moved, came, went or changed places are not taken for the same', () => {
    const a = point('a', 30, 120);
    const b = point('b', 31, 121);
    const marks = new Marks([a, b]);
    for (const others of [[a], [a, b, point('c', 32, 122)], [b, a], [a, point('b', 31, 121.1)], [a, point('x', 31, 121)]]) {
      expect(marks.update(others)).toBe(false);
    }
    expect(marks.within(world, 10).map((m) => m.key).sort()).toEqual(['a', 'b']);
  });

  test('several at one place come apart at no zoom, and say so', () => {
    const marks = new Marks([point('a', 30, 120), point('b', 30, 120)]);
    expect(marks.within(world, 18)[0]).toMatchObject({ n: 2, apart: 19, all: [{ id: 'a' }, { id: 'b' }] });
  });
});

test('the worse of two is never none', () => {
  expect([worse('', ''), worse('', 'blue'), worse('blue', ''), worse('yellow', 'orange'), worse('red', 'blue')]).toEqual(['', 'blue', 'blue', 'orange', 'red']);
});

test('around nothing there is nothing', () => {
  expect(around([])).toBeUndefined();
  expect(around([{ lat: 1, lon: 2 }, { lat: -3, lon: 5 }])).toEqual([2, -3, 5, 1]);
});
