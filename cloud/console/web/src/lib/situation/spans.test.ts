import { describe, expect, it } from 'vitest';
import { longest } from './replay';
import { fromWritten, pastHours, spanOf, wantedOf, wrongWith } from './spans';

const hour = 3_600_000;
const zone = '+05:30';
const at = (text: string) => Date.parse(`${text}+05:30`);

describe('the last hours', () => {
  it('are 24 whole ones of the place, and all are over', () => {
    const now = at('2026-11-24T01:10');
    const list = pastHours(now, zone);
    expect(list).toHaveLength(24);
    expect(list[0]).toEqual({ from: at('2026-11-23T01:00'), to: at('2026-11-23T02:00') });
    expect(list[23]).toEqual({ from: at('2026-11-24T00:00'), to: at('2026-11-24T01:00') });
    expect(new Set(list.map((h) => wantedOf(h, zone).from)).size).toBe(24);
  });
});

describe('fields', () => {
  it('say a span, also one over midnight', () => {
    const night = { from: at('2026-11-23T23:30'), to: at('2026-11-24T00:30') };
    expect(wantedOf(night, zone)).toEqual({ day: '2026-11-23', from: '23:30', to: '00:30' });
    expect(spanOf(wantedOf(night, zone), zone)).toEqual(night);
    expect(spanOf({ day: '2026-12-31', from: '23:00', to: '01:00' }, zone).to).toBe(at('2027-01-01T01:00'));
  });
  it('with a new beginning are an hour, of yesterday if it has not come today', () => {
    const now = at('2026-11-24T01:10');
    const today = { day: '2026-11-24', from: '00:30', to: '01:00' };
    expect(fromWritten(today, now, zone)).toEqual({ day: '2026-11-24', from: '00:30', to: '01:30' });
    expect(fromWritten({ ...today, from: '02:00' }, now, zone)).toEqual({ day: '2026-11-23', from: '02:00', to: '03:00' });
    expect(fromWritten({ ...today, from: '' }, now, zone)).toEqual({ ...today, from: '' });
  });
});

it('what is no past span is told from what is', () => {
  const now = 100 * hour;
  expect(wrongWith({ from: 90 * hour, to: 91 * hour }, now)).toBeUndefined();
  expect(wrongWith({ from: 99.5 * hour, to: 100.5 * hour }, now)).toBeUndefined();
  expect(wrongWith({ from: NaN, to: hour }, now)).toBe('unclear');
  expect(wrongWith({ from: now, to: now + 1 }, now)).toBe('future');
  expect(wrongWith({ from: 90 * hour, to: 90 * hour + longest + 1 }, now)).toBe('long');
});
