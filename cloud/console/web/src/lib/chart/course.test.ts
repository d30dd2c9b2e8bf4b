import { describe, expect, test } from 'vitest';
import type { Alert, Step } from '../api';
import { expectationsOf, happeningsOf, limitApplies, spanOf, streamsOf } from './course';

const minute = 60_000;
const since = 1_000 * minute;
const step = (at: number, what: Step['what'], more: Partial<Step> = {}): Step => ({ at, what, severity: 'yellow', value: null, from: null, to: null, image: '', switched: null, ...more });
const alert = (more: Partial<Alert> = {}): Alert => ({
  id: 'a', rev: 1, gateway: 'g', device: 'river', channel: 'level', rule: 'r', severity: 'orange', stage: 'actual', condition: 'active',
  since, at: since, value: 3.1, limit: 3, unit: 'm', ...more,
});

describe('the time around an alert', () => {
  test('reaches up to now while it is active, and begins before its first word', () => {
    const a = alert({ timeline: [step(since - 5 * minute, 'forecast'), step(since, 'actual')] });
    expect(spanOf(a, since + minute)).toEqual({ from: since - 15 * minute, to: since + minute });
  });
  test('goes on a while after its end, not into the future', () => {
    const over = alert({ condition: 'cleared', cleared: since + 80 * minute });
    expect(spanOf(over, since + 1000 * minute)).toEqual({ from: since - 20 * minute, to: since + 100 * minute });
    expect(spanOf(over, since + 85 * minute).to).toBe(since + 85 * minute);
  });
  test('is bounded', () => {
    const day = 24 * 60 * minute;
    const s = spanOf(alert({ since: 0 }), 400 * day);
    expect(s.to - s.from).toBe(14 * day);
  });
  test('takes in the picture from before', () => {
    const a = alert({ pictures: [{ image: 'p', moment: 'before', due: since - 3 * minute, t: since - 3 * minute }] });
    expect(spanOf(a, since).from).toBe(since - 13 * minute);
  });
});

test('what happened stands in order, pictures only when they are there', () => {
  const a = alert({
    condition: 'cleared', cleared: since + 9 * minute,
    timeline: [step(since, 'forecast', { from: since, to: since + 1 }), step(since + 4 * minute, 'actual')],
    pictures: [
      { image: 'b', moment: 'before', due: since - minute, t: since - minute },
      { image: 'n', moment: 'after', due: since + minute, t: null },
    ],
  });
  expect(happeningsOf(a).map((h) => [h.kind, (h.t - since) / minute])).toEqual([['picture', -1], ['raised', 0], ['actual', 4], ['cleared', 9]]);
  // What began as an alert has not two signs at one instant.
  expect(happeningsOf(alert({ timeline: [step(since, 'actual')] })).map((h) => h.kind)).toEqual(['raised']);
});

test('forecasts in the order in which they were said; without a limit, or turned round, none', () => {
  const timeline = [step(1, 'forecast', { value: 2.7, from: 10, to: 20 }), step(5, 'renewed', { from: 12, to: 14 }), step(6, 'renewed', { from: 9, to: 8 }), step(7, 'actual', { value: 3 })];
  expect(expectationsOf(alert({ timeline }))).toEqual([
    { at: 1, value: 2.7, limit: 3, from: 10, to: 20 },
    { at: 5, value: null, limit: 3, from: 12, to: 14 },
  ]);
  expect(expectationsOf(alert({ timeline, limit: null }))).toEqual([]);
});

test('the streams of an alert: its own first, then those of its evidence, three at most', () => {
  const e = (n: string) => ({ n, ago_ms: 0, v: 1 });
  expect(streamsOf(alert({ evidence: [e('rain/rain'), e('river/level'), e('a/b'), e('c/d')] })).map((s) => `${s.device}/${s.channel}`)).toEqual(['river/level', 'rain/rain', 'a/b']);
  expect(streamsOf(alert({ device: 'river', channel: '', evidence: null }))).toEqual([]);
  expect(streamsOf(alert({ device: '', channel: '', evidence: [e('odd')] }))).toEqual([]);
});

test.each([
  ['its own reading', {}, 'm', true],
  ['a sum over the stream', { value: 6.4 }, 'm', false],
  ['the value of an earlier step', { value: 9, timeline: [step(1, 'actual', { value: 3.1 })] }, 'm', true],
  ['another unit', {}, 'mm', false],
  ['no limit', { limit: null }, 'm', false],
  ['no evidence', { evidence: null }, 'm', true],
  ['another stream', { channel: 'flow' }, 'm', false],
] as const)('the limit of an alert that watches %s', (_, more, unit, want) => {
  const a = alert({ evidence: [{ n: 'river/level', ago_ms: 0, v: 3.1 }], ...more } as Partial<Alert>);
  expect(limitApplies(a, { gateway: 'g', device: 'river', channel: 'level' }, unit)).toBe(want);
});
