// What a wall shows when, as pure functions.

/** Rows on one page, at most: more are not read from metres away. */
export const rowsOnPage = 12;
/** How long a page stands, ms. */
export const pageFor = 15_000;
/** A still picture burns into a screen: all of it moves by this much, in turn around a square. */
const shiftBy = 2; // CSS pixels
const shiftEvery = 10 * 60_000; // ms

/** How many pages a list has; an empty one has one. */
export function pagesOf(n: number, per = rowsOnPage): number {
  return Math.max(1, Math.ceil(n / per));
}

/** The rows of a page; a page that is not there any more is the first one. */
export function pageOf<T>(list: readonly T[], page: number, per = rowsOnPage): readonly T[] {
  const at = page % pagesOf(list.length, per);
  return list.slice(at * per, (at + 1) * per);
}

/** By how much everything is moved at a time, in CSS pixels. */
export function shiftAt(now: number): { x: number; y: number } {
  const corner = Math.floor(now / shiftEvery) % 4;
  return { x: corner === 1 || corner === 2 ? shiftBy : 0, y: corner >= 2 ? shiftBy : 0 };
}
