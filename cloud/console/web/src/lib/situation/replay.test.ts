import { describe, expect, it } from 'vitest';
import type { Alert } from '../api';
import { alertAt, bars, changes, countUntil, longest, momentOf, nextChange, readReplay, withReplay, type Recording, type ReplayAlert, type ReplayStep } from './replay';

const step = (known: number, more: Partial<ReplayStep> = {}): ReplayStep => ({ known, rev: 1, severity: 'yellow', stage: 'actual', condition: 'active', at: known, ...more });

function course(id: string, ...steps: ReplayStep[]): ReplayAlert {
  const { known, ...last } = steps.at(-1)!;
  return { alert: { id, gateway: 'gw', rule: 'r', since: steps[0]!.known - 5, ...last } as Alert, steps };
}

const recording = (more: Partial<Recording> = {}): Recording => ({ from: 1000, to: 2000, alerts: [], late: 0, gateways: [], gaps: [], dark: [], more: false, ...more });

describe('an alert at a moment', () => {
  const seen = { by: 'wang', at: 1300 };
  const a = course('a', step(1100, { acknowledged: null }), step(1200, { severity: 'red', value: 3, acknowledged: null }), step(1300, { severity: 'red', acknowledged: seen }), step(1400, { severity: 'red', acknowledged: seen, condition: 'cleared', cleared: 1399 }));
  it.each([
    [1099, undefined],
    [1100, ['yellow', null, 'active']],
    [1250, ['red', null, 'active']],
    [1300, ['red', seen, 'active']],
    [1400, ['red', seen, 'cleared']],
    [2000, ['red', seen, 'cleared']],
  ])('%i', (at, want) => {
    const is = alertAt(a, at);
    expect(is && [is.severity, is.acknowledged, is.condition]).toEqual(want);
  });
  it('is one object until it changes', () => {
    expect(alertAt(a, 1200)).toBe(alertAt(a, 1299));
    expect(alertAt(a, 1200)).not.toBe(alertAt(a, 1300));
  });
});

describe('a moment', () => {
  const r = recording({
    alerts: [course('mild', step(1100)), course('grave', step(1200, { severity: 'red' }), step(1500, { severity: 'red', condition: 'cleared' }))],
    gateways: [
      { gateway: 'gone', online: true, turns: [{ at: 1300, online: false }, { at: 1600, online: true }] },
      { gateway: 'away', online: false, turns: [] },
      { gateway: 'new', online: null, turns: [{ at: 1700, online: true }] },
    ],
    gaps: [{ gateway: 'gw', from: 1300, to: 1400, why: 'power' }],
    dark: [{ from: 1800, to: 1900 }],
  });
  const at = (t: number) => {
    const m = momentOf(r, t);
    return [m.alerts.map((a) => a.id), Object.fromEntries(m.online), Object.fromEntries(m.away), m.gaps.length, m.unknown];
  };
  it('has what was active, the gravest first, and who was there', () => {
    expect(at(1000)).toEqual([[], { gone: true, away: false }, { away: undefined }, 0, '']);
    expect(at(1250)).toEqual([['grave', 'mild'], { gone: true, away: false }, { away: undefined }, 0, '']);
    expect(at(1300)).toEqual([['grave', 'mild'], { gone: false, away: false }, { gone: 1300, away: undefined }, 1, '']);
    expect(at(1400)).toEqual([['grave', 'mild'], { gone: false, away: false }, { gone: 1300, away: undefined }, 0, '']);
    expect(at(1700)).toEqual([['mild'], { gone: true, away: false, new: true }, { away: undefined }, 0, '']);
  });
  it('is not calm where nobody listened, nor where nobody had reported', () => {
    expect(at(1800)).toEqual([[], {}, {}, 0, 'dark']);
    expect(at(1900).at(-1)).toBe('');
    expect(momentOf(recording({ gateways: [{ gateway: 'new', online: null, turns: [] }] }), 1500).unknown).toBe('nobody');
  });
  it('is the same from one change to the next', () => {
    const times = changes(r);
    expect(times).toEqual([1100, 1200, 1300, 1400, 1500, 1600, 1700, 1800, 1900]);
    for (let t = r.from; t <= r.to; t += 7) {
      const last = times[countUntil(times, t, (x) => x) - 1] ?? r.from;
      expect(at(t)).toEqual(at(last));
    }
  });
  it('has a next change and one before it, and else the ends', () => {
    const times = changes(r);
    expect([1000, 1100, 1101, 1900].map((t) => nextChange(times, r, t, 1))).toEqual([1100, 1200, 1200, 2000]);
    expect([2000, 1101, 1100, 1000].map((t) => nextChange(times, r, t, -1))).toEqual([1900, 1100, 1000, 1000]);
  });
});

it('bars begin when an alert was known, and end when its end was', () => {
  const r = recording({
    alerts: [course('before', step(900)), course('within', step(1200), step(1500, { condition: 'cleared', cleared: 1100 })), course('told', step(1000, { condition: 'active' }))],
  });
  expect(bars(r).map((a) => [a.id, a.since, a.cleared])).toEqual([['before', 895, undefined], ['within', 1200, 1500], ['told', 995, undefined]]);
});

describe('the address', () => {
  const read = (q: string) => readReplay(new URLSearchParams(q));
  it('says a span and a moment in it', () => {
    expect(read('replay=1000,2000')).toEqual({ from: 1000, to: 2000, at: 1000 });
    expect(read('replay=1000,2000&at=1500')).toEqual({ from: 1000, to: 2000, at: 1500 });
    expect(read('replay=1000,2000&at=2500')?.at).toBe(1000);
  });
  it.each(['', 'replay=', 'replay=2000,1000', 'replay=1000', 'replay=1,2,3', 'replay=a,b', `replay=1000,${1001 + longest}`, 'replay=-5,7'])('%s is the present', (q) => {
    expect(read(q)).toBeUndefined();
  });
  it('keeps what else was chosen', () => {
    const q = withReplay(new URLSearchParams('area=99&at=5'), { from: 1, to: 2 });
    expect([...q]).toEqual([['area', '99'], ['replay', '1,2']]);
    expect(withReplay(q).toString()).toBe('area=99');
  });
});
