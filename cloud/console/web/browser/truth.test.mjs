// Nothing lies: the store stalled, a gateway offline, a wrong clock, a bad sensor, each on a real aggregator with a real InfluxDB. How soon each is said stands in
// docs/console-truth.md; LAMPPOST_SHOTS=DIR leaves a picture of each.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCenter } from './center.mjs';
import { axe } from './harness.mjs';
import { startInflux } from './influx.mjs';
import { shot } from './shot.mjs';

const area = '990101002002';
const words = {
  'en-GB': {
    stalled: /The store has been taking no readings since \d\d:\d\d/, offline: /Offline\. All below is as it was last known/,
    clock: /Not set yet: times are provisional/, silent: /Silent/i, range: /range/i,
  },
  'zh-CN': { stalled: /自 \d\d:\d\d.*读数无法入库/, offline: /离线。以下均为最后已知的情况/, clock: /尚未校时/, silent: /无应答/, range: /超出量程/ },
};
const looks = [
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'zh-CN', colorScheme: 'dark' },
];

let influx;
let center;
let river;
let beat;
const device = (id, more = {}) => ({ id, driver: 'modbus', every_ms: 1000, channels: ['level'], state: 'ok', ...more });
const level = (v, more = {}) => [{ device: 'river', channel: 'level', v, ...more }];
const report = (more) => river.state({ site: { area, time_zone: '+08:00' }, devices: [device('river'), device('well')], ...more });

before(async () => {
  influx = await startInflux();
  center = await startCenter({ more: { store: { influx: { url: influx.url, bucket: 'city/raw' } } } });
  await center.hire('li', '李工', [{ role: 'operator', area: '*' }]);
  river = await center.gateway('river-01', area);
  await river.online(true);
  await report();
  beat = setInterval(() => void river.live(level(2.71)), 1000);
});
after(async () => {
  clearInterval(beat);
  river?.close();
  await center?.stop();
  await influx?.close();
});

/** Does `f` on the page of the gateway in both looks. */
async function inBoth(f) {
  for (const look of looks) {
    const opened = await center.enter('/gateways/river-01', 'li', { ...look, size: [1280, 720] });
    const { page, close } = opened;
    await page.locator('[data-phase=live]').waitFor();
    await page.locator('tr[data-stream="river-01/river/level"]').waitFor();
    await f(page, words[look.locale], look);
    await close();
  }
}

test('the store stalled: what cannot be stored is said, and when it can be again', async () => {
  influx.freeze();
  await inBoth(async (page, w, look) => {
    // A request of the aggregator's to the store may take 20 s, then the page asks within 10.
    await page.locator('[data-ill=store]').getByText(w.stalled).waitFor({ timeout: 120_000 });
    // The newest values are not stored, and current all the same.
    assert.equal(await page.locator('tr[data-stream="river-01/river/level"] [data-standing]').count(), 0);
    assert.deepEqual(await axe(page), []);
    await shot(page, `store-stalled-${look.locale}`);
  });
  const { page, close } = await center.enter('/gateways/river-01', 'li');
  await page.locator('[data-ill=store]').waitFor();
  influx.thaw();
  await page.locator('[data-ill=store]').waitFor({ state: 'detached', timeout: 120_000 });
  await close();
});

test('a bad sensor: a value that fails is struck through with its reason, one that is silent says so', async () => {
  clearInterval(beat);
  beat = setInterval(() => void river.live(level(98.7, { qc: 4, why: 'range' })), 1000);
  await report({ devices: [device('river'), device('well', { state: 'silent', fault: 'timeout' })] });
  await inBoth(async (page, w, look) => {
    const row = page.locator('tr[data-stream="river-01/river/level"]');
    await row.locator('td.value.doubtful').waitFor();
    assert.match(await row.locator('.quality').first().innerText(), w.range);
    assert.match(await page.locator('[data-device="river-01/well"] [data-state=silent]').innerText(), w.silent);
    await shot(page, `bad-sensor-${look.locale}`);
  });
});

test('a wrong clock: times are provisional until it is set', async () => {
  clearInterval(beat);
  await report({ clock: 'unsynced' });
  beat = setInterval(() => void river.live(level(2.74), { boot: true }), 1000);
  await inBoth(async (page, w, look) => {
    await page.getByText(w.clock).first().waitFor();
    await page.locator('tr[data-stream="river-01/river/level"] time').getByText('~').waitFor();
    await shot(page, `wrong-clock-${look.locale}`);
  });
});

test('a gateway offline: nothing of it looks like the present', async () => {
  clearInterval(beat);
  await report();
  await river.live(level(2.71));
  await river.online(false);
  await inBoth(async (page, w, look) => {
    await page.locator('[data-silent]').first().getByText(w.offline).waitFor();
    await page.locator('[data-standing=silent]').first().waitFor();
    assert.equal(await page.locator('main [data-state=ok]').count(), 0, 'something is said to answer');
    await shot(page, `gateway-offline-${look.locale}`);
  });
});
