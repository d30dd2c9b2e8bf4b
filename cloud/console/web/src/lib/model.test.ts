import { describe, expect, test } from 'vitest';
import type { Alert, Device, Gateway, Value } from './api';
import {
  addSummaries,
  compareActive,
  comparePast,
  dealColumns,
  inTrouble,
  isStale,
  judge,
  matchesAlert,
  mergeAlert,
  mergeValue,
  orderChannels,
  qualifierOf,
  sameSummary,
  severityOf,
  standingOf,
  summarize,
  unmentioned,
} from './model';

function value(more: Partial<Value> = {}): Value {
  return { gateway: 'g', device: 'river', channel: 'level', v: 2.7, qc: 1, t: 1000, every_ms: 5000, ...more };
}

function alert(more: Partial<Alert> = {}): Alert {
  return {
    id: 'a1',
    rev: 1,
    gateway: 'g',
    device: 'river',
    channel: 'level',
    rule: 'river-high',
    severity: 'orange',
    stage: 'actual',
    condition: 'active',
    since: 1000,
    at: 1000,
    text: { zh: '河道水位 3.12 米', en: 'river level 3.12 m' },
    ...more,
  };
}

describe('the newer of two readings', () => {
  test('counts, whatever order they come in', () => {
    const old = value({ t: 1000, v: 1 });
    const next = value({ t: 2000, v: 2 });
    expect(mergeValue(old, next).v).toBe(2);
    expect(mergeValue(next, old)).toBe(next);
    expect(mergeValue(undefined, old)).toBe(old);
  });

  test('of the same time, the one that came last: its verdict may be new', () => {
    expect(mergeValue(value({ qc: 1 }), value({ qc: 3, why: 'spike' })).qc).toBe(3);
  });

  test('keeps what is known of the stream', () => {
    const old = value({ label: { zh: '水位' }, decimals: 3, unit_text: 'm' });
    const bare: Value = { gateway: 'g', device: 'river', channel: 'level', v: null, qc: 9, why: 'timeout', t: 2000 };
    expect(mergeValue(old, bare)).toMatchObject({ v: null, why: 'timeout', decimals: 3, unit_text: 'm', every_ms: 5000 });
  });
});

describe('the newer of two revisions', () => {
  test('counts, whatever order they come in', () => {
    const one = alert({ rev: 1 });
    const two = alert({ rev: 2, condition: 'cleared', cleared: 9000 });
    expect(mergeAlert(one, two).condition).toBe('cleared');
    expect(mergeAlert(two, one).condition).toBe('cleared');
  });

  test('never loses an acknowledgement, which gateways know nothing of', () => {
    const acknowledged = { by: '李敏', at: 5000 };
    expect(mergeAlert(alert({ rev: 1, acknowledged }), alert({ rev: 2 })).acknowledged).toEqual(acknowledged);
    expect(mergeAlert(alert({ rev: 2 }), alert({ rev: 1, acknowledged })).acknowledged).toEqual(acknowledged);
  });

  test('has to be seen anew when it got worse', () => {
    const acknowledged = { by: '李敏', at: 5000 };
    const seen = alert({ rev: 1, acknowledged });
    expect(mergeAlert(seen, alert({ rev: 2, severity: 'red' })).acknowledged).toBeNull();
    expect(mergeAlert(alert({ rev: 2, severity: 'red' }), seen).acknowledged).toBeNull();
    expect(mergeAlert(alert({ rev: 1, stage: 'forecast', acknowledged }), alert({ rev: 2 })).acknowledged).toBeNull();
    expect(mergeAlert(seen, alert({ rev: 2, severity: 'yellow' })).acknowledged).toEqual(acknowledged);
  });

  test('keeps what its gateway answered, whatever order it comes in', () => {
    const asked = { id: 'c1', gateway: 'g', kind: 'acknowledge', issued: 1, until: 9, state: 'waiting' as const, why: '' };
    const done = { ...asked, state: 'done' as const, outputs: ['siren'] };
    expect(mergeAlert(alert({ command: done }), alert({ command: asked })).command).toEqual(done);
    expect(mergeAlert(alert({ command: asked }), alert({ command: done })).command).toEqual(done);
    expect(mergeAlert(alert({ command: done }), alert({ rev: 2 })).command).toEqual(done);
  });

  test('never loses picture, evidence and history that a list leaves out', () => {
    const full = alert({ image: 'i', evidence: [{ n: 'river/level', ago_ms: 0, v: 3 }], history: [{ at: 1, what: 'raised' }] });
    expect(mergeAlert(full, alert({ rev: 1 }))).toMatchObject({ image: 'i', evidence: full.evidence, history: full.history });
  });
});

test('active alerts: severe first, then unseen, then new', () => {
  const list = [
    alert({ id: 'blue-new', severity: 'blue', since: 9 }),
    alert({ id: 'red-seen', severity: 'red', acknowledged: { by: 'x', at: 1 } }),
    alert({ id: 'orange-old', since: 1 }),
    alert({ id: 'orange-new', since: 2 }),
    alert({ id: 'red-unseen', severity: 'red' }),
    alert({ id: 'strange', severity: 'purple' as never }),
  ];
  expect(list.sort(compareActive).map((a) => a.id)).toEqual([
    'red-unseen',
    'red-seen',
    'orange-new',
    'orange-old',
    'blue-new',
    'strange',
  ]);
});

test('past alerts: the last to end first', () => {
  const list = [alert({ id: 'a', cleared: 5 }), alert({ id: 'b', cleared: 9 }), alert({ id: 'c', cleared: null, at: 7 })];
  expect(list.sort(comparePast).map((a) => a.id)).toEqual(['b', 'c', 'a']);
});

test.each([
  ['three intervals old', 5000, 15_000, false],
  ['a little more', 5000, 15_001, true],
  ['from a fast sensor, with a second of grace', 100, 2999, false],
  ['of unknown interval', undefined, 179_000, false],
  ['of unknown interval, more than three minutes old', 0, 181_000, true],
  ['from the future', 5000, -4000, false],
])('a reading %s', (_, every, age, want) => expect(isStale(1_000_000, every, 1_000_000 + age)).toBe(want));

test('QARTOD numbers', () => {
  expect(([1, 2, 3, 4, 9] as const).map(judge)).toEqual(['good', 'unchecked', 'suspect', 'fail', 'missing']);
});

describe('how a gateway is', () => {
  const device = (id: string, state: string): Device => ({ id, driver: 'modbus', every_ms: 5000, channels: [], state });
  const gateway: Gateway = { id: 'g', online: true, devices: [device('a', 'ok'), device('b', 'silent'), device('c', 'fault')] };

  test('in numbers; what is stale counts as nothing else', () => {
    const values = [
      value({ t: 100_000 }),
      value({ t: 100_000, qc: 3 }),
      value({ t: 100_000, qc: 9, v: null }),
      value({ t: 1000, qc: 4 }),
      value({ channel: 'fault', v: null, qc: 9, t: 1000 }),
    ];
    expect(summarize(gateway, values, 101_000)).toEqual({ devices: 3, answering: 1, bad: 2, streams: 4, stale: 1, doubtful: 2 });
  });

  test('of a gateway that is away nothing answers, nothing is bad, and no value is the present', () => {
    const away: Gateway = { id: 'g', online: false, devices: [device('a', 'ok'), device('b', 'silent')] };
    const fresh = [value({ t: 100_000 }), value({ t: 100_000, qc: 3 })];
    expect(summarize(away, fresh, 100_001)).toEqual({ devices: 2, answering: 0, bad: 0, streams: 2, stale: 2, doubtful: 0 });
  });

  test('a device that does not answer is said even when the gateway does not say it', () => {
    const devices = [device('a', 'ok'), device('b', 'silent'), device('c', 'fault'), device('d', 'waiting')];
    expect(unmentioned(devices, [{ id: 'silent', level: 'fail', about: 'b', text: {} }])).toEqual([
      { level: 'fail', ids: ['c'] },
      { level: 'info', ids: ['d'] },
    ]);
    expect(unmentioned([device('a', 'ok')], [])).toEqual([]);
  });

  test('a device that is only starting does not answer yet', () => {
    const g: Gateway = { id: 'g', online: true, devices: [device('a', 'ok'), device('b', 'waiting'), device('c', 'later word')] };
    expect(summarize(g, [], 1)).toMatchObject({ devices: 3, answering: 1, bad: 0 });
  });

  test.each([
    [true, 100_000, 'current'],
    [true, 84_999, 'stale'],
    [false, 100_000, 'silent'],
    [false, 1, 'silent'],
    [undefined, 100_000, 'current'],
  ])('a reading of a gateway that is online: %s, taken at %d', (online, t, want) => {
    expect(standingOf({ t, every_ms: 5000 }, online, 100_000)).toBe(want);
  });

  test('what is counted adds up over a city', () => {
    const one = summarize({ id: 'g', online: true, devices: [device('a', 'ok')] }, [], 1);
    const two = summarize({ id: 'h', online: false, devices: [device('a', 'ok')] }, [], 1);
    const sum = addSummaries(one, two);
    expect(sum).toMatchObject({ devices: 2, answering: 1, bad: 0 });
    expect(sameSummary(sum, { ...sum })).toBe(true);
    expect(sameSummary(sum, { ...sum, answering: 2 })).toBe(false);
  });

  test('in trouble or not', () => {
    const fine = { devices: 1, answering: 1, bad: 0, streams: 1, stale: 0, doubtful: 0 };
    const ok: Gateway = { id: 'g', online: true };
    expect(inTrouble(ok, fine)).toBe(false);
    expect(inTrouble({ ...ok, health: [{ id: 'x', level: 'info', text: {} }] }, fine)).toBe(false);
    expect(inTrouble({ ...ok, health: [{ id: 'x', level: 'warn', text: {} }] }, fine)).toBe(true);
    expect(inTrouble({ ...ok, online: false }, fine)).toBe(true);
    expect(inTrouble({ ...ok, conflict: true }, fine)).toBe(true);
    expect(inTrouble(ok, { ...fine, stale: 1 })).toBe(true);
  });
});

test('channels stand as the device declares them', () => {
  const found = ['rh', 'extra', 'temp', 'another'].map((channel) => ({ channel }));
  expect(orderChannels(['temp', 'rh'], found).map((c) => c.channel)).toEqual(['temp', 'rh', 'another', 'extra']);
});

test('panels go to the shortest column', () => {
  expect(dealColumns([5, 3, 1, 1, 1], (n) => n, 2)).toEqual([
    [5, 1],
    [3, 1, 1],
  ]);
  expect(dealColumns(['a'], () => 1, 0)).toEqual([['a']]);
});

describe('the filter of alerts', () => {
  const all = { severity: '', gateway: '', text: '', unacknowledged: false };
  test.each([
    [{}, true],
    [{ severity: 'orange' }, true],
    [{ severity: 'red' }, false],
    [{ gateway: 'other' }, false],
    [{ text: 'LEVEL river' }, true],
    [{ text: '水位' }, true],
    [{ text: 'river rain' }, false],
    [{ unacknowledged: true }, true],
  ])('%o', (f, want) => expect(matchesAlert(alert(), { ...all, ...f })).toBe(want));

  test('goes by the worst of what is over', () => {
    const over = alert({ condition: 'cleared', severity: 'yellow', worst: 'red' });
    expect(matchesAlert(over, { ...all, severity: 'red' })).toBe(true);
    expect(matchesAlert(over, { ...all, severity: 'yellow' })).toBe(false);
    expect(severityOf(alert({ severity: 'yellow', worst: 'red' }))).toBe('yellow');
    expect(severityOf(alert({ condition: 'cleared', severity: 'yellow' }))).toBe('yellow');
  });

  test('leaves out what somebody has seen', () => {
    const seen = alert({ acknowledged: { by: 'x', at: 1 } });
    expect(matchesAlert(seen, { ...all, unacknowledged: true })).toBe(false);
  });
});

test('the qualifier of a channel', () => {
  expect(['temp', 'temp.inlet', 'a.b.c'].map(qualifierOf)).toEqual(['', 'inlet', 'b.c']);
});
