import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Clock } from './clock.svelte';

const noon = Date.UTC(2026, 10, 20, 12);
beforeEach(() => {
  vi.useFakeTimers({ now: noon });
});
afterEach(() => {
  vi.useRealTimers();
});

test('the time is the aggregator’s, however wrong the screen’s clock is, or is set', () => {
  const clock = new Clock();
  clock.set(noon + 3_600_000); // the screen is an hour behind
  expect(clock.now).toBe(noon + 3_600_000);
  vi.advanceTimersByTime(5000);
  expect(clock.read()).toBe(noon + 3_605_000);
  vi.setSystemTime(noon + 86_400_000); // somebody sets it
  expect(clock.read()).toBe(noon + 3_605_000);
  clock.set(noon + 3_605_200); // the network's delay
  expect(clock.read()).toBe(noon + 3_605_000);
  clock.set(noon + 3_606_000);
  expect(clock.read()).toBe(noon + 3_606_000);
});

test('before that the head of any answer says it, to a second', () => {
  const clock = new Clock();
  clock.hint(null);
  clock.hint('no date');
  clock.hint('Fri, 20 Nov 2026 12:00:01 GMT'); // near enough
  expect(clock.read()).toBe(noon);
  clock.hint('Fri, 20 Nov 2026 13:00:00 GMT');
  expect(clock.read()).toBe(noon + 3_600_500);
  clock.set(noon + 3_600_100);
  clock.hint('Fri, 20 Nov 2026 15:00:00 GMT');
  expect(clock.read()).toBe(noon + 3_600_100);
});

test('a screen that slept, or whose clock was set, asks again', () => {
  const clock = new Clock();
  const tick = vi.fn();
  const doubt = vi.fn();
  clock.start(tick, doubt);
  vi.advanceTimersByTime(3000);
  expect([tick.mock.calls.length, doubt.mock.calls.length]).toEqual([4, 0]);
  vi.setSystemTime(Date.now() + 600_000);
  vi.advanceTimersByTime(3000);
  expect(doubt.mock.calls.length).toBe(1);
  clock.stop();
  vi.advanceTimersByTime(3000);
  expect(tick.mock.calls.length).toBe(7);
});
