// Which past time somebody asks for, in words of a clock and a calendar. Pure.
import { fromWall, offsetAt, toWall } from '../format';
import { longest, type Span } from './replay';

const hour = 3_600_000;
const day = 24 * hour;

/** The last 24 whole hours that are over, the latest last, by the clocks of a zone. */
export function pastHours(now: number, zone: string | undefined): Span[] {
  const offset = offsetAt(now, zone) * 60_000;
  const end = Math.floor((now + offset) / hour) * hour - offset;
  return Array.from({ length: 24 }, (_, i) => ({ from: end - (24 - i) * hour, to: end - (23 - i) * hour }));
}

/** What is written in fields: a day, and from when to when. */
export interface Wanted {
  day: string;
  from: string;
  to: string;
}

/** The fields for a span. */
export function wantedOf(s: Span, zone: string | undefined): Wanted {
  const [date, from] = toWall(s.from, zone).split('T');
  return { day: date!, from: from!, to: toWall(s.to, zone).split('T')[1]! };
}

/** The span that fields say; what ends before it begins ends on the next day. NaN for what is no time. */
export function spanOf(w: Wanted, zone: string | undefined): Span {
  const from = fromWall(`${w.day}T${w.from}`, zone);
  const to = fromWall(`${w.day}T${w.to}`, zone);
  return { from, to: to > from ? to : fromWall(`${nextDay(w.day)}T${w.to}`, zone) };
}

function nextDay(date: string): string {
  const t = Date.parse(`${date}T00:00Z`);
  return Number.isNaN(t) ? '' : new Date(t + day).toISOString().slice(0, 10);
}

/** The fields when somebody has written when it begins: an hour of it, and yesterday if it has not come today. */
export function fromWritten(w: Wanted, now: number, zone: string | undefined): Wanted {
  const from = fromWall(`${w.day}T${w.from}`, zone);
  if (Number.isNaN(from)) return w;
  const today = toWall(now, zone).slice(0, 10);
  const start = w.day === today && from > now ? from - day : from;
  return wantedOf({ from: start, to: start + hour }, zone);
}

/** What is wrong with a span; undefined: nothing. */
export function wrongWith(s: Span, now: number): 'unclear' | 'future' | 'long' | undefined {
  if (!(s.to > s.from)) return 'unclear';
  if (s.from >= now) return 'future';
  return s.to - s.from > longest ? 'long' : undefined;
}
