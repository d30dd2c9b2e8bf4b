import { describe, expect, test } from 'vitest';
import {
  commonDecimals,
  decimalsOf,
  formatAge,
  formatBytes,
  formatClock,
  formatDay,
  formatDuration,
  formatMinute,
  formatMoment,
  formatPosition,
  formatValue,
  formatZone,
  fromWall,
  offsetAt,
  strangeZone,
  toWall,
  withUnit,
} from './format';

const shanghai = 'Asia/Shanghai';
const utc = (text: string) => Date.parse(`${text}Z`);

describe('values', () => {
  test.each([
    [2.713, 3, '2.713'],
    [2.7, 3, '2.700'],
    [1013.25, 1, '1013.3'],
    [-0.004, 2, '0.00'],
    [-0.06, 1, '−0.1'],
    [-12, 0, '−12'],
    [0.1 + 0.2, undefined, '0.3'],
    [5, undefined, '5'],
    [1e-9, undefined, '0'],
  ])('%d with %s decimals', (v, decimals, want) => {
    expect(formatValue('en', v, decimals)).toBe(want);
    expect(formatValue('zh', v, decimals)).toBe(want);
  });

  test('unit follows with a space that does not break', () => {
    expect(withUnit('2.7', 'm')).toBe('2.7\u00a0m');
    expect(withUnit('0.71', '1')).toBe('0.71');
    expect(withUnit('3', undefined)).toBe('3');
  });

  test.each([
    [3, 0],
    [3.2, 1],
    [0.001, 3],
    [1.5e-7, 8],
    [1e21, 0],
    [NaN, 0],
    [null, 0],
  ])('decimals of %d', (v, want) => expect(decimalsOf(v)).toBe(want));
});

test.each([
  ['as the metric has it', 2.834, 2.8, 2, 2],
  ['more for the limit', 2.8, 2.755, 2, 3],
  ['more where they would look alike', 2.804, 2.8, 2, 3],
  ['not when they are alike', 2.8, 2.8, 2, 2],
  ['without a metric, as the numbers are', 0.5, 1.25, undefined, 2],
  ['never without end', 2.8 + 1e-12, 2.8, 2, 6],
  ['without a limit', 3, null, 1, 1],
])('decimals beside a limit: %s', (_, value, limit, metric, want) => expect(commonDecimals(value, limit, metric)).toBe(want));

describe('times', () => {
  const t = utc('2026-11-21T16:05:09');

  test('are in the zone of the viewer, on a 24 hour clock', () => {
    expect(formatClock('en', t, shanghai)).toBe('00:05:09');
    expect(formatClock('zh', t, shanghai)).toBe('00:05:09');
    expect(formatMinute('zh', t, shanghai)).toBe('00:05');
    expect(formatClock('en', t, 'America/New_York')).toBe('11:05:09');
  });

  test('carry the day when it is not today, the year when it is not this year', () => {
    const now = utc('2026-11-21T18:00:00'); // the 22nd in Shanghai
    expect(formatMoment('en', t, now, shanghai)).toBe('00:05:09');
    expect(formatMoment('en', t - 7_200_000, now, shanghai)).toBe('21 Nov 22:05:09');
    expect(formatMoment('zh', t - 7_200_000, now, shanghai)).toBe('11月21日 22:05:09');
    expect(formatDay('en', utc('2025-01-02T12:00:00'), now, shanghai)).toBe('2 Jan 2025');
    expect(formatDay('zh', utc('2025-01-02T12:00:00'), now, shanghai)).toBe('2025年1月2日');
  });

  test.each([NaN, Infinity, 1e300, undefined as unknown as number])('what is no time is a dash: %s', (t) => {
    expect(formatMoment('en', t, utc('2026-11-21T18:00:00'), shanghai)).toBe('–');
    expect(formatMinute('zh', t)).toBe('–');
  });

  test.each([
    [480, 'UTC+08:00'],
    [0, 'UTC+00:00'],
    [-210, 'UTC−03:30'],
    [345, 'UTC+05:45'],
  ])('zone at %d minutes', (offset, want) => expect(formatZone(0, offset)).toBe(want));
});

describe('ages and durations', () => {
  test.each([
    [-500, 'now', '刚刚'],
    [999, 'now', '刚刚'],
    [3000, '3 s ago', '3 秒前'],
    [59_999, '59 s ago', '59 秒前'],
    [60_000, '1 min ago', '1 分钟前'],
    [3_599_999, '59 min ago', '59 分钟前'],
    [47 * 3_600_000, '47 h ago', '47 小时前'],
    [48 * 3_600_000, '2 d ago', '2 天前'],
    [1500 * 86_400_000, '1,500 d ago', '1,500 天前'],
    [-9_000, 'now', '刚刚'],
    [-60_000, '1 min ahead', '超前 1 分钟'],
  ])('age of %d ms', (ms, en, zh) => {
    expect(formatAge('en', ms)).toBe(en);
    expect(formatAge('zh', ms)).toBe(zh);
  });

  test.each([
    [-5, '0 ms', '0 毫秒'],
    [400, '400 ms', '400 毫秒'],
    [12_300, '12 s', '12 秒'],
    [60_000, '1 min', '1 分钟'],
    [725_000, '12 min 5 s', '12 分钟 5 秒'],
    [3_600_000, '1 h', '1 小时'],
    [13_200_000, '3 h 40 min', '3 小时 40 分钟'],
    [90_000_000, '1 d 1 h', '1 天 1 小时'],
  ])('duration of %d ms', (ms, en, zh) => {
    expect(formatDuration('en', ms)).toBe(en);
    expect(formatDuration('zh', ms)).toBe(zh);
  });
});

test.each([
  [0, '0\u00a0B'],
  [999, '999\u00a0B'],
  [1000, '1\u00a0kB'],
  [1_449_999, '1.4\u00a0MB'],
  [48_200_000, '48\u00a0MB'],
  [2e9, '2\u00a0GB'],
  [3.1e15, '3,100\u00a0TB'],
])('%d bytes', (n, want) => expect(formatBytes('en', n)).toBe(want));

test('positions say their hemisphere', () => {
  expect(formatPosition('en', { lat: 30.319, lon: 120.142 })).toBe('30.3190°\u00a0N, 120.1420°\u00a0E');
  expect(formatPosition('zh', { lat: -33.86, lon: -70.5 })).toBe('33.8600°\u00a0S, 70.5000°\u00a0W');
});

describe('the clocks of a place', () => {
  const t = Date.UTC(2026, 10, 22, 18, 30, 5); // summer time nowhere in the north
  const july = Date.UTC(2026, 6, 1, 18, 30, 5);

  test.each([
    ['+08:00', '02:30:05', 480],
    ['Asia/Shanghai', '02:30:05', 480],
    ['-03:30', '15:00:05', -210],
    ['Europe/Berlin', '19:30:05', 60],
    ['+00:00', '18:30:05', 0],
  ])('%s', (zone, clock, minutes) => {
    expect(formatClock('en', t, zone)).toBe(clock);
    expect(offsetAt(t, zone)).toBe(minutes);
  });

  test('turn in summer', () => expect(offsetAt(july, 'Europe/Berlin')).toBe(120));

  test('say another day where it is another day', () => {
    expect(formatMoment('en', t, t + 3_600_000 * 22, '+08:00')).toMatch(/^23 Nov 02:30:05$/);
    expect(formatMoment('en', t, t + 3_600_000, '+08:00')).toBe('02:30:05');
  });

  test('are named only where the viewer has others', () => {
    const own = offsetAt(t);
    const two = (n: number) => String(n).padStart(2, '0');
    const same = `${own < 0 ? '-' : '+'}${two(Math.floor(Math.abs(own) / 60))}:${two(Math.abs(own) % 60)}`;
    expect(strangeZone(t, same)).toBe('');
    expect(strangeZone(t, undefined)).toBe('');
    const other = own === 345 ? '+08:45' : '+05:45';
    expect(strangeZone(t, other)).toBe(`UTC${other}`);
  });

  test.each(['+08:00', '-03:30', 'Europe/Berlin', 'Asia/Shanghai'])('fields of day and time in %s and back', (zone) => {
    for (let m = Date.UTC(2026, 0, 1); m < Date.UTC(2027, 0, 1); m += 86_400_000 * 3 + 3_540_000) {
      const whole = Math.floor(m / 60_000) * 60_000;
      expect(fromWall(toWall(whole, zone), zone)).toBe(whole);
    }
    expect(toWall(t, '+08:00')).toBe('2026-11-23T02:30');
  });

  test('what is no time and no zone does no harm', () => {
    expect(fromWall('', '+08:00')).toBeNaN();
    expect(formatClock('en', 1e17, '+08:00')).toBe('–');
    expect(formatClock('en', t, 'Nowhere/Else')).toBe(formatClock('en', t));
    expect(offsetAt(1e17, 'Asia/Shanghai')).toBe(0);
  });
});
