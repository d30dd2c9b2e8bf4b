import { expect, test } from 'vitest';
import { pageOf, pagesOf, rowsOnPage, shiftAt } from './wall';

const list = Array.from({ length: 30 }, (_, i) => i);

test('pages hold every row once, and never more than can be read', () => {
  expect(pagesOf(0)).toBe(1);
  expect(pagesOf(12)).toBe(1);
  expect(pagesOf(13)).toBe(2);
  const pages = [0, 1, 2].map((p) => pageOf(list, p));
  expect(pages.flat()).toEqual(list);
  expect(pages.every((p) => p.length <= rowsOnPage)).toBe(true);
});

test('after the last page the first one comes, also when the list became shorter', () => {
  expect(pageOf(list, 3)).toEqual(pageOf(list, 0));
  expect(pageOf(list.slice(0, 5), 2)).toEqual([0, 1, 2, 3, 4]);
  expect(pageOf([], 7)).toEqual([]);
});

test('everything moves by two pixels every ten minutes, and comes back', () => {
  const at = [0, 1, 2, 3, 4].map((n) => shiftAt(n * 600_000));
  expect(at).toEqual([{ x: 0, y: 0 }, { x: 2, y: 0 }, { x: 2, y: 2 }, { x: 0, y: 2 }, { x: 0, y: 0 }]);
  expect(shiftAt(599_999)).toEqual(at[0]);
});
