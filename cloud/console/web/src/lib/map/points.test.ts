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
