import { describe, expect, it } from 'vitest';
import type { Alert } from '../api';
import { lay, ticks } from './lanes';

const alert = (id: string, severity: string, since: number, cleared?: number, seen?: number): Alert =>
  ({
    id,
    severity,
    since,
    at: cleared ?? since,
    cleared: cleared ?? null,
    condition: cleared === undefined ? 'active' : 'cleared',
    acknowledged: seen === undefined ? null : { by: 'x', at: seen },
  }) as Alert;

describe('lanes', () => {
  it('cuts bars to the span, leaves out what was over before it and marks what began before', () => {
    const { bars } = lay([alert('a', 'red', 50, 150), alert('b', 'red', 10, 99), alert('c', 'blue', 180)], 100, 200, 9, 1);
    expect(bars.map((b) => [b.alert.id, b.from, b.to, b.cut, b.open])).toEqual([
      ['a', 100, 150, true, false],
      ['c', 180, 200, false, true],
    ]);
  });

  it('lets no two bars of a lane meet, and gives the gravest the first lanes', () => {
    const list = Array.from({ length: 60 }, (_, i) => alert(String(i), ['red', 'orange', 'yellow', 'blue'][i % 4]!, i * 7, i * 7 + 5 + ((i * 13) % 40)));
    const { bars, lanes, left } = lay(list, 0, 500, 20, 3);
    expect(left).toBe(0);
    for (const a of bars) {
      for (const b of bars) {
        if (a === b || a.lane !== b.lane) continue;
        expect(a.to < b.from || b.to < a.from, `${a.alert.id} and ${b.alert.id}`).toBe(true);
      }
    }
    expect(Math.min(...bars.filter((b) => b.severity === 'red').map((b) => b.lane))).toBe(0);
    expect(lanes).toBe(Math.max(...bars.map((b) => b.lane)) + 1);
  });

  it('counts what there is no lane for, the least grave', () => {
    const { bars, left } = lay([alert('a', 'blue', 0), alert('b', 'red', 1), alert('c', 'yellow', 2)], 0, 10, 2, 1);
    expect(bars.map((b) => b.alert.id)).toEqual(['b', 'c']);
    expect(left).toBe(1);
  });

  it('says when somebody saw it only where that is within the span', () => {
    const [inside, before] = lay([alert('a', 'red', 0, 9, 5), alert('b', 'red', 0, undefined, 1)], 2, 10, 9, 1).bars;
    expect([inside!.seen, before!.seen]).toEqual([5, undefined]);
  });
});

describe('ticks', () => {
  it('are whole times of the place, not more than there is room for', () => {
    const half = 5.5 * 3_600_000;
    const from = Date.UTC(2026, 0, 1, 0, 10);
    const list = ticks(from, from + 6 * 3_600_000, 7, half);
    expect(list.length).toBeLessThanOrEqual(8);
    for (const t of list) expect((t + half) % 3_600_000).toBe(0);
  });
});
