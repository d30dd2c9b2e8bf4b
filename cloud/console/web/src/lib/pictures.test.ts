import { expect, test } from 'vitest';
import { absence, absences, arrivals, holds, patience, pause } from './pictures.svelte';

test('a picture is asked for again soon, then seldom', () => {
  expect([1, 2, 3, 8, 9, 40].map(pause)).toEqual([300, 600, 1200, 38_400, 60_000, 60_000]);
});

test('arrivals are remembered, but not for ever', () => {
  for (let i = 0; i < 100; i++) arrivals.add(`id-${i}`);
  arrivals.add('id-99');
  expect([arrivals.has('id-35'), arrivals.has('id-36'), arrivals.has('id-99')]).toEqual([false, true, true]);
});

test('a picture is on its way for an hour, unless it is known that it never comes', () => {
  expect(absence(undefined, 1000, 1000 + patience)).toBe('coming');
  expect(absence(undefined, 1000, 1001 + patience)).toBe('overdue');
  expect(absence(undefined, undefined, 10 * patience)).toBe('coming');
  expect(absence('space', 1000, 1001)).toBe('never');
});

test('a picture that was taken waits where its gateway says that pictures wait', () => {
  const health = (id: string) => [{ id, level: 'info', text: {} }] as const;
  expect([holds(undefined), holds(health('uplink-budget')), holds(health('uplink-pictures'))]).toEqual([false, false, true]);
  expect(absence(undefined, 1000, 1000, true)).toBe('held');
  expect(absence(undefined, 1000, 2000 + patience, true)).toBe('held');
  expect(absence(undefined, undefined, 1000, true)).toBe('held');
  expect(absence(undefined, 2000, 1000, true)).toBe('coming'); // it is not taken yet
  expect(absence('space', 1000, 1001, true)).toBe('never');
});

test('what was said of pictures that never come is remembered, but not for ever', () => {
  absences.add(['first'], 'age');
  for (let i = 0; i < 255; i++) absences.add([`gone-${i}`], 'space');
  expect([absences.why('first'), absences.why('gone-254'), absences.why('other')]).toEqual(['age', 'space', undefined]);
  absences.add(['one-more'], 'damage');
  expect([absences.why('first'), absences.why('one-more')]).toEqual([undefined, 'damage']);
});
