import { describe, expect, it } from 'vitest';
import { timeOfDay, whole } from './timeofday';

describe('a time of day', () => {
  it.each([
    ['0200', '02:00'],
    ['2:00', '02:00'],
    ['2.05', '02:05'],
    ['２：３０', '02:30'],
    ['230', '02:30'],
    ['2', '02:00'],
    ['23', '23:00'],
    [' 23:59 ', '23:59'],
    ['0', '00:00'],
  ])('%s is %s', (written, time) => expect(timeOfDay(written)).toBe(time));

  it.each(['', '24', '24:00', '2360', '2:5', '12345', 'two', '-1', '2:00 pm'])('"%s" is none', (written) => expect(timeOfDay(written)).toBe(''));

  it('is whole when no digit can change it', () => {
    expect(['0', '02', '020', '0200', '2:0', '2:00', '9999'].map(whole)).toEqual([false, false, false, true, false, true, false]);
  });
});
