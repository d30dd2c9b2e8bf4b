// Numbers, times and durations as text. Pure: language and time come in. Clock
// times are in the viewer's zone unless one is given: +08:00, or a name like Asia/Shanghai.
import { locale, translate, type Language } from './i18n/translate';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Formatters are slow to make and are asked for thousands of times a second, so they are kept. */
const numbers = new Map<string, Intl.NumberFormat>();
const dates = new Map<string, Stamp>();

/** Writes a time. */
interface Stamp {
  format: (t: number) => string;
}

function numberFormat(language: Language, min: number, max: number, grouped: boolean): Intl.NumberFormat {
  const key = `${language} ${min} ${max} ${grouped}`;
  let f = numbers.get(key);
  if (!f) {
    f = new Intl.NumberFormat(locale[language], {
      minimumFractionDigits: min,
      maximumFractionDigits: max,
      useGrouping: grouped,
    });
    numbers.set(key, f);
  }
  return f;
}

function dateFormat(language: Language, name: string, zone: string | undefined, o: Intl.DateTimeFormatOptions) {
  const key = `${language} ${name} ${zone ?? ''}`;
  let f = dates.get(key);
  if (!f) {
    f = zoned(locale[language], zone, { ...o, hourCycle: 'h23' });
    dates.set(key, f);
  }
  return f;
}

/** How far the clocks of a zone written as +08:00 are ahead of Greenwich, ms; undefined for other zones. */
function ahead(zone: string): number | undefined {
  const m = /^([+-])(\d\d):(\d\d)$/.exec(zone);
  return m ? (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3])) * minute : undefined;
}

/** A formatter in a zone. Not every browser takes +08:00 for a zone; that of one it does not know is the viewer's. */
function zoned(language: string, zone: string | undefined, o: Intl.DateTimeFormatOptions): Stamp {
  if (!zone) return new Intl.DateTimeFormat(language, o);
  const shift = ahead(zone);
  if (shift !== undefined) {
    const utc = new Intl.DateTimeFormat(language, { ...o, timeZone: 'UTC' });
    return { format: (t) => utc.format(t + shift) };
  }
  try {
    return new Intl.DateTimeFormat(language, { ...o, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat(language, o);
  }
}

/** How far a zone's clocks are ahead of Greenwich at t, in minutes; without a zone, the viewer's. */
export function offsetAt(t: number, zone?: string): number {
  const fixed = zone === undefined ? undefined : ahead(zone);
  if (fixed !== undefined) return fixed / minute;
  if (!zone || !isTime(t)) return isTime(t) ? -new Date(t).getTimezoneOffset() : 0;
  const text = dateFormat('en', 'wall', zone, {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).format(t);
  const [day, month, year, h, m, s] = (text.match(/\d+/g) ?? []).map(Number);
  return Math.round((Date.UTC(year!, month! - 1, day!, h!, m!, s!) - Math.floor(t / second) * second) / minute);
}

/** The zone's name, UTC+08:00, where its clocks are not the viewer's at t; else nothing. */
export function strangeZone(t: number, zone: string | undefined): string {
  if (!zone || !isTime(t)) return '';
  const there = offsetAt(t, zone);
  return there === offsetAt(t) ? '' : formatZone(t, there);
}

/** A time as a field for day and time holds it, 2026-11-23T14:02, by the clocks of a zone. */
export function toWall(t: number, zone?: string): string {
  return new Date(t + offsetAt(t, zone) * minute).toISOString().slice(0, 16);
}

/** The time that such a field says; NaN for no time. */
export function fromWall(text: string, zone?: string): number {
  const utc = Date.parse(`${text}Z`);
  if (Number.isNaN(utc)) return NaN;
  const first = utc - offsetAt(utc, zone) * minute;
  // Near a change of the clocks the first guess has the other side's offset.
  return utc - offsetAt(first, zone) * minute;
}

/** A time as text; "–" for what is no time, so that one odd number never takes the page down. */
function stamp(f: Stamp, t: number): string {
  return isTime(t) ? f.format(t) : '–';
}

/** Whether t, in Unix milliseconds, is a time that a calendar can hold. */
export function isTime(t: number): boolean {
  return Math.abs(t) <= 8.64e15;
}

/** A measured value with the metric's decimals; without decimals, as many as the number needs, six at most. */
export function formatValue(language: Language, v: number, decimals?: number): string {
  const text =
    decimals === undefined
      ? numberFormat(language, 0, 6, false).format(v)
      : numberFormat(language, Math.min(decimals, 12), Math.min(decimals, 12), false).format(v);
  // A rounded "-0.00" is a zero; a true minus sign lines up with the digits.
  return (/[1-9]/.test(text) ? text : text.replace('-', '')).replace('-', '−');
}

/** How many decimals a number is written with; 0 for none. */
export function decimalsOf(v: number | null | undefined): number {
  if (v === null || v === undefined || !Number.isFinite(v)) return 0;
  const [mantissa = '', exponent = '0'] = String(v).split('e');
  return Math.max(0, (mantissa.split('.')[1]?.length ?? 0) - Number(exponent));
}

/**
 * Decimals to write a value beside its limit: the metric's, more where the limit
 * has more or where both would look the same although they differ; six at most.
 */
export function commonDecimals(value: number | null | undefined, limit: number | null | undefined, metric?: number): number {
  let d = Math.max(metric ?? decimalsOf(value), decimalsOf(limit));
  if (typeof value === 'number' && typeof limit === 'number' && value !== limit) {
    while (d < 6 && value.toFixed(Math.min(d, 6)) === limit.toFixed(Math.min(d, 6))) d++;
  }
  return Math.min(d, 6);
}

/** Value and unit with a no-break space between; the unit "1" (a pure number) is not written. */
export function withUnit(number: string, unit: string | undefined): string {
  return unit && unit !== '1' ? `${number}\u00a0${unit}` : number;
}

/** 14:02:10 */
export function formatClock(language: Language, t: number, zone?: string): string {
  return stamp(dateFormat(language, 'clock', zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }), t);
}

/** 14:02 */
export function formatMinute(language: Language, t: number, zone?: string): string {
  return stamp(dateFormat(language, 'minute', zone, { hour: '2-digit', minute: '2-digit' }), t);
}

/** 23 May / 5月23日, with the year when it is not the year of `now`. */
export function formatDay(language: Language, t: number, now: number, zone?: string): string {
  const year = dateFormat(language, 'year', zone, { year: 'numeric' });
  if (stamp(year, t) === stamp(year, now)) {
    return stamp(dateFormat(language, 'day', zone, { month: 'short', day: 'numeric' }), t);
  }
  return stamp(dateFormat(language, 'yearday', zone, { year: 'numeric', month: 'short', day: 'numeric' }), t);
}

/** The clock time, with the day in front when that is not the day of `now`. */
export function formatMoment(language: Language, t: number, now: number, zone?: string): string {
  const whole = dateFormat(language, 'date', zone, { year: 'numeric', month: '2-digit', day: '2-digit' });
  const clock = formatClock(language, t, zone);
  return !isTime(t) || stamp(whole, t) === stamp(whole, now) ? clock : `${formatDay(language, t, now, zone)} ${clock}`;
}

/** A zone as an offset, without one the viewer's at t: UTC+08:00. */
export function formatZone(t: number, offsetMinutes = offsetAt(t)): string {
  const a = Math.abs(offsetMinutes);
  const two = (n: number) => String(n).padStart(2, '0');
  return `UTC${offsetMinutes < 0 ? '−' : '+'}${two(Math.floor(a / 60))}:${two(a % 60)}`;
}

/** What a clock may be wrong by before it is said, ms. */
const clockError = 10 * second;

/** How long ago, in the one unit that fits: 3 s ago. What lies in the future within clock error is "now"; beyond it the date is wrong, and that is said. */
export function formatAge(language: Language, ms: number): string {
  if (ms < -clockError) return translate(language, 'age.ahead', { duration: formatDuration(language, -ms) });
  if (ms < second) return translate(language, 'age.now');
  if (ms < minute) return translate(language, 'age.s', { n: Math.floor(ms / second) });
  if (ms < hour) return translate(language, 'age.min', { n: Math.floor(ms / minute) });
  if (ms < 2 * day) return translate(language, 'age.h', { n: Math.floor(ms / hour) });
  return translate(language, 'age.d', { n: Math.floor(ms / day) });
}

/** A length of time in its two largest units: 12 min 5 s, 3 h 40 min, 2 d 1 h. */
export function formatDuration(language: Language, ms: number): string {
  if (ms < second) return translate(language, 'duration.ms', { n: Math.max(0, Math.round(ms)) });
  const units = [
    ['duration.d', day],
    ['duration.h', hour],
    ['duration.min', minute],
    ['duration.s', second],
  ] as const;
  const whole = Math.floor(ms / second) * second;
  const at = units.findIndex(([, size]) => whole >= size);
  const [largest, next] = [units[at]!, units[at + 1]];
  const a = translate(language, largest[0], { n: Math.floor(whole / largest[1]) });
  const rest = next ? Math.floor((whole % largest[1]) / next[1]) : 0;
  return next && rest > 0
    ? translate(language, 'duration.pair', { a, b: translate(language, next[0], { n: rest }) })
    : a;
}

/** A length of time that runs: from ten minutes on without seconds, which would only flicker. */
export function roughly(language: Language, ms: number): string {
  return formatDuration(language, ms >= 10 * minute ? Math.floor(ms / minute) * minute : Math.max(second, ms));
}

/** 1.4 GB, in powers of 1000 as disks are sold and quotas are written. */
export function formatBytes(language: Language, bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  while (bytes >= 1000 && i < units.length - 1) {
    bytes /= 1000;
    i++;
  }
  return `${numberFormat(language, 0, bytes < 10 && i > 0 ? 1 : 0, true).format(bytes)}\u00a0${units[i]}`;
}

/** 30.3190° N, 120.1420° E */
export function formatPosition(language: Language, p: { lat: number; lon: number }): string {
  const f = numberFormat(language, 4, 4, false);
  const side = (v: number, pos: string, neg: string) => `${f.format(Math.abs(v))}°\u00a0${v < 0 ? neg : pos}`;
  return `${side(p.lat, 'N', 'S')}, ${side(p.lon, 'E', 'W')}`;
}
