import { expect, test } from 'vitest';
import { arrivals, pause } from './pictures.svelte';

test('a picture is asked for again soon, then seldom', () => {
  expect([1, 2, 3, 8, 9, 40].map(pause)).toEqual([300, 600, 1200, 38_400, 60_000, 60_000]);
});

test('arrivals are remembered, but not for ever', () => {
  for (let i = 0; i < 100; i++) arrivals.add(`id-${i}`);
  arrivals.add('id-99');
  expect([arrivals.has('id-35'), arrivals.has('id-36'), arrivals.has('id-99')]).toEqual([false, true, true]);
});
