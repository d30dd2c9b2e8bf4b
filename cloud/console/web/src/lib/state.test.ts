import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Alert, Gateway, Value } from './api';
import { parseRoute } from './router.svelte';
import { isUrgent, lookOf, severities } from './severity';

// Each test gets a console of its own.
async function fresh() {
  vi.resetModules();
  const { fleet, deviceFault } = await import('./fleet.svelte');
  const { alerts } = await import('./alerts.svelte');
  return { fleet, deviceFault, alerts };
}
let c: Awaited<ReturnType<typeof fresh>>;
beforeEach(async () => {
  c = await fresh();
});
const settle = () => Promise.resolve();

const gateway = (id: string, more: Partial<Gateway> = {}): Gateway => ({
  id,
  online: true,
  devices: [{ id: 'river', driver: 'modbus', every_ms: 5000, channels: ['level', 'water_temp'], state: 'ok' }],
  ...more,
});
const value = (channel: string, t: number, more: Partial<Value> = {}): Value => ({
  gateway: 'g',
  device: 'river',
  channel,
  v: 1,
  qc: 1,
  t,
  every_ms: 5000,
  ...more,
});
const alert = (more: Partial<Alert> = {}): Alert => ({
  id: 'a',
  rev: 1,
  gateway: 'g',
  rule: 'r',
  severity: 'orange',
  stage: 'actual',
  condition: 'active',
  since: 1,
  at: 1,
  ...more,
});

describe('the fleet', () => {
  test('sorts streams as the device declares them, whatever order they come in', async () => {
    c.fleet.queue([value('water_temp', 1), value('level', 1)]);
    c.fleet.flush();
    c.fleet.setGateway(gateway('g'));
    await settle();
    expect(c.fleet.gateway('g')!.devices.map((d) => d.streams.map((s) => s.channel))).toEqual([['level', 'water_temp']]);
  });

  test('an active alert whose stream has no value says why its device gives none', async () => {
    vi.stubGlobal('localStorage', { getItem: () => 'en', setItem: () => undefined });
    const { alertBlind } = await import('./words');
    const said = { en: 'river is learning its view', zh: 'river 正在学习视野' };
    const a = alert({ device: 'river', channel: 'level' });
    const state = (more: Partial<Gateway>) =>
      c.fleet.setGateway(gateway('g', { health: [{ id: 'device-learning', level: 'info', about: 'river', text: said }], ...more }));
    state({});
    c.fleet.queue([value('level', 1)]);
    c.fleet.flush();
    expect(alertBlind(a)).toBeUndefined(); // it has one
    c.fleet.queue([value('level', 2, { v: null, qc: 9 })]);
    c.fleet.flush();
    expect(Object.values(said)).toContain(alertBlind(a)?.text);
    expect(alertBlind({ ...a, condition: 'cleared' })).toBeUndefined();
    state({ online: false });
    expect(alertBlind(a)).toBeUndefined(); // what it said is old
    state({ health: [] });
    expect(alertBlind(a)).toBeUndefined();
    vi.unstubAllGlobals();
  });

  test('shows the newest of all that came between two frames, and never goes back', () => {
    c.fleet.queue([value('level', 5, { v: 5 }), value('level', 3, { v: 3 })]);
    c.fleet.queue([value('level', 4, { v: 4 })]);
    c.fleet.flush();
    expect(c.fleet.stream('g/river/level')!.value.v).toBe(5);
    c.fleet.queue([value('level', 2, { v: 2 })]);
    c.fleet.flush();
    expect(c.fleet.stream('g/river/level')!.value.v).toBe(5);
  });

  test('keeps what changed while the list was under way', async () => {
    c.fleet.setGateway(gateway('g', { online: false }));
    c.fleet.setGateways([gateway('g', { online: true })], new Set(['g']));
    expect(c.fleet.gateway('g')!.info.online).toBe(false);
  });

  test('drops gateways that are gone, and their streams', async () => {
    c.fleet.setGateways([gateway('g'), gateway('h')], new Set());
    c.fleet.queue([value('level', 1)]);
    c.fleet.flush();
    c.fleet.setGateways([gateway('h')], new Set());
    await settle();
    expect(c.fleet.gateways.map((g) => g.id)).toEqual(['h']);
    expect(c.fleet.stream('g/river/level')).toBeUndefined();
  });

  test('counts', async () => {
    c.fleet.setGateways([gateway('g'), gateway('h', { online: false })], new Set());
    c.fleet.queue([value('level', 90_000), value('water_temp', 1000)]);
    c.fleet.flush();
    c.fleet.summarize(100_000);
    expect(c.fleet.total).toEqual({ gateways: 2, online: 1, devices: 2, answering: 1, bad: 0, streams: 2, stale: 1, doubtful: 0 });
  });

  test('a device fault counts while it is the newest thing known', async () => {
    c.fleet.setGateway(gateway('g'));
    c.fleet.queue([value('level', 1), value('fault', 2, { v: null, qc: 9, why: 'timeout' })]);
    c.fleet.flush();
    const device = () => c.fleet.gateway('g')!.devices[0]!;
    expect(c.deviceFault(device())?.why).toBe('timeout');
    c.fleet.queue([value('level', 3)]);
    c.fleet.flush();
    expect(c.deviceFault(device())).toBeUndefined();
  });

  test('an older picture does not replace a newer one', () => {
    c.fleet.setCamera({ gateway: 'g', device: 'gauge', image: 'b', t: 2 });
    c.fleet.setCamera({ gateway: 'g', device: 'gauge', image: 'a', t: 1 });
    expect(c.fleet.cameras.get('g/gauge')!.image).toBe('b');
  });
});

describe('alerts', () => {
  test('news: raised once, worse again, cleared', () => {
    expect(c.alerts.receive(alert(), 1)).toBe('raised');
    expect(c.alerts.receive(alert(), 2)).toBe('changed');
    expect(c.alerts.receive(alert({ rev: 2, value: 3 }), 3)).toBe('changed');
    expect(c.alerts.receive(alert({ rev: 3, severity: 'red' }), 4)).toBe('raised');
    expect(c.alerts.receive(alert({ rev: 4, condition: 'cleared', cleared: 5 }), 5)).toBe('cleared');
    expect(c.alerts.receive(alert({ rev: 3, severity: 'red' }), 6)).toBe('changed');
  });

  test('one that is over when it comes is no news', () => {
    expect(c.alerts.receive(alert({ condition: 'cleared' }), 1)).toBe('changed');
  });

  test('open, active, past, and over without being seen', () => {
    const seen = { by: 'x', at: 1 };
    c.alerts.put([
      alert({ id: 'a' }),
      alert({ id: 'b', acknowledged: seen }),
      alert({ id: 'c', condition: 'cleared' }),
      alert({ id: 'd', condition: 'cleared', acknowledged: seen }),
    ]);
    const ids = (l: readonly Alert[]) => l.map((a) => a.id).sort().join('');
    expect([c.alerts.active, c.alerts.open, c.alerts.past, c.alerts.clearedUnseen].map(ids)).toEqual(['ab', 'a', 'cd', 'c']);
  });

  test('a new list of active ones names those that ended meanwhile', () => {
    c.alerts.put([alert({ id: 'a' }), alert({ id: 'b' })]);
    expect(c.alerts.setActive([alert({ id: 'b' }), alert({ id: 'new' })])).toEqual(['a']);
    // Of a list that was cut short nobody can say what ended.
    expect(c.alerts.setActive([alert({ id: 'b' })], true)).toEqual([]);
    expect(c.alerts.more).toBe(true);
    c.alerts.drop(['a']);
    expect(c.alerts.get('a')).toBeUndefined();
  });

  test('past ones are bounded, active ones are never dropped', () => {
    const many = Array.from({ length: 2500 }, (_, i) => alert({ id: `p${i}`, condition: 'cleared', cleared: i }));
    c.alerts.put([alert({ id: 'old and active', since: -1, at: -1 })]);
    c.alerts.put(many);
    expect(c.alerts.past).toHaveLength(2000);
    expect(c.alerts.past.at(-1)?.id).toBe('p500');
    expect(c.alerts.active.map((a) => a.id)).toEqual(['old and active']);
  });

  test('the loudest is urgent and unseen', () => {
    c.alerts.put([alert({ id: 'y', severity: 'yellow' })]);
    expect(c.alerts.loudest).toBeUndefined();
    c.alerts.put([alert({ id: 'o' }), alert({ id: 'r', severity: 'red', acknowledged: { by: 'x', at: 1 } })]);
    expect(c.alerts.loudest?.id).toBe('o');
  });
});

describe('levels', () => {
  test('each has a shape and a numeral of its own', () => {
    const looks = severities.map(lookOf);
    expect(looks.map((l) => l.shape)).toEqual(['octagon', 'triangle', 'diamond', 'circle']);
    expect(looks.map((l) => l.numeral)).toEqual(['Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ']);
    expect(lookOf('purple').shape).toBe('hollow');
    expect(lookOf('constructor').shape).toBe('hollow');
  });

  test('two of them interrupt', () => {
    expect(severities.filter(isUrgent)).toEqual(['red', 'orange']);
  });
});

test.each([
  ['/', { page: 'overview' }],
  ['/alerts', { page: 'alerts' }],
  ['/alerts/a%2Fb', { page: 'alert', id: 'a/b' }],
  ['/connect', { page: 'connect' }],
  ['/gateways/g', { page: 'gateway', gateway: 'g' }],
  ['/gateways/g/d/temp.inlet', { page: 'stream', gateway: 'g', device: 'd', channel: 'temp.inlet' }],
  ['/gateways', { page: 'notfound' }],
  ['/gateways/g/d', { page: 'notfound' }],
  ['/alerts/a/b', { page: 'notfound' }],
  ['/%E0%A4%A', { page: 'notfound' }],
])('path %s', (path, want) => expect(parseRoute(path)).toEqual(want));
