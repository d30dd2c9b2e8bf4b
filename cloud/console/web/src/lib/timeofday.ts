// A time of day as people write it. Pure.

/**
 * The time of day that somebody has written, as 02:30 on 24 hours: 0230, 2:30, 2.30, 2：30 (as a Chinese
 * keyboard writes it), or 2 for the whole hour. Empty: it is none.
 */
export function timeOfDay(written: string): string {
  const s = written.normalize('NFKC').trim();
  const m = /^(\d{1,2})(?:[:.](\d{2}))?$/.exec(s) ?? /^(\d{1,2})(\d{2})$/.exec(s);
  if (!m) return '';
  const [hour, minute] = [Number(m[1]), Number(m[2] ?? 0)];
  return hour < 24 && minute < 60 ? `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}` : '';
}

/** Whether more digits could not make another time of it: it need not wait until the field is left. */
export function whole(written: string): boolean {
  return /^(\d{4}|\d{1,2}[:.]\d{2})$/.test(written.normalize('NFKC').trim()) && timeOfDay(written) !== '';
}
