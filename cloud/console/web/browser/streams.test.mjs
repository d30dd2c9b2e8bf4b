// Streams side by side, their export, and the fleet: on the stand-in for what they look like
// and how they are used, on a real aggregator for what the files hold.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { parquetReadObjects } from 'hyparquet';
import { axe, bridge, flip, open, overflow, start } from './harness.mjs';
import { startCenter } from './center.mjs';

let env;
let center;
before(async () => (env = await start({ gateways: 4 })));
after(async () => {
  await env.stop();
  await center?.stop();
});

const level = `${bridge}/river/level`;
const loaded = (page, n) => page.waitForFunction((n) => document.querySelectorAll('[data-stream] .said').length === n && !/Loading|正在加载/.test(document.querySelector('[data-page=streams]').innerText), n);
// A gateway of the stand-in stands in an area that it does not have.
const real = (faults) => faults.filter((f) => !f.includes('404'));
const looks = [
  { locale: 'en-GB', colorScheme: 'light', storage: {} },
  { locale: 'zh-CN', colorScheme: 'dark', storage: { size: 'large' } },
];

test('two streams are on one time axis with two clicks from the navigation', async () => {
  const { page, faults, close } = await open(env);
  await page.locator('header nav a[href="/streams"]').click();
  await page.locator(`[data-pick="${level}"]`).click();
  await page.locator('[data-pick]:not([aria-pressed=true])').nth(1).click();
  await loaded(page, 2);
  const q = new URL(page.url()).searchParams.getAll('s');
  assert.equal(q.length, 2);
  assert.equal(q[0], level);
  // The address is the whole choice.
  await page.reload();
  await loaded(page, 2);
  assert.equal(await page.locator('[data-stream]').count(), 2);
  await page.locator('[data-stream] button.icon').first().click();
  await loaded(page, 1);
  assert.deepEqual(new URL(page.url()).searchParams.getAll('s'), [q[1]]);
  assert.deepEqual(real(faults), []);
  await close();
});

test('streams of one unit share a chart, others have their own, all with one cursor', async () => {
  const { page, faults, close } = await open(env, `/streams?s=${level}&s=${bridge}/underpass/level&s=${bridge}/weather/temp&range=15m`);
  await loaded(page, 3);
  const charts = page.locator('.chart[data-courses]');
  const courses = await charts.evaluateAll((l) => l.map((c) => c.dataset.courses));
  assert.ok(courses.length >= 2 && courses.join('').split('').sort().join('') === 'ABC', courses.join());
  await charts.first().focus();
  await page.keyboard.press('End');
  await page.getByText(/^At \d/).waitFor();
  const said = await page.locator('[data-stream] .said').allInnerTexts();
  assert.ok(said.every((x) => !/Mean/.test(x)), said.join());
  assert.deepEqual(await page.locator('.u-cursor-x').evaluateAll((l) => l.map((e) => e.getBoundingClientRect().left > 50)), courses.map(() => true));
  await page.keyboard.press('Tab');
  await page.locator('[data-stream] .said', { hasText: 'Mean' }).first().waitFor();
  assert.deepEqual(real(faults), []);
  await close();
});

test('an own span is kept in the address, moved, and left again', async () => {
  const { page, faults, close } = await open(env, `/streams?s=${level}`);
  await loaded(page, 1);
  await page.getByRole('button', { name: 'Own period' }).click();
  await page.locator('#own-span input').first().fill('2020-01-02T03:00');
  await page.locator('#own-span input').last().fill('2020-01-01T03:00');
  await page.locator('#own-span button').click();
  await page.locator('#own-span [role=alert]').waitFor();
  await page.locator('#own-span input').last().fill('2020-01-02T05:30');
  await page.locator('#own-span button').click();
  const at = () => ['from', 'to'].map((k) => Number(new URL(page.url()).searchParams.get(k)));
  assert.deepEqual(at(), [Date.parse('2020-01-02T03:00+08:00'), Date.parse('2020-01-02T05:30+08:00')]);
  await page.getByText('No readings in this period').first().waitFor();
  await page.getByRole('button', { name: 'Earlier' }).click();
  assert.deepEqual(at(), [Date.parse('2020-01-02T01:45+08:00'), Date.parse('2020-01-02T04:15+08:00')]);
  await page.getByRole('button', { name: 'To now' }).click();
  assert.deepEqual(at(), [0, 0]);
  assert.deepEqual(real(faults), []);
  await close();
});

test('files are offered on both pages, and a refusal says why', async () => {
  for (const path of [`/streams?s=${level}`, `/gateways/${level}`]) {
    const { page, faults, close } = await open(env, path);
    const save = async (name) => {
      const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name, exact: true }).click()]);
      return file;
    };
    assert.match((await save('CSV')).suggestedFilename(), /river_level.*\.csv$/);
    assert.match((await save('Parquet')).suggestedFilename(), /\.parquet$/);
    const file = await save('Picture (PNG)');
    assert.match(file.suggestedFilename(), /^hz-gongshu-bridge-07_river_level_\d{8}T\d{4}_\d{8}T\d{4}\.png$/);
    const png = await readFile(await file.path());
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.ok(png.readUInt32BE(16) > 600 && png.readUInt32BE(20) > 300, 'the picture is as large as the chart at least');
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light');
    await flip(env.mock, 'busy', { on: true });
    await page.getByRole('button', { name: 'CSV', exact: true }).click();
    await page.getByText('Other exports are under way. Try again in 15 s.').waitFor();
    await flip(env.mock, 'busy', { on: false });
    assert.deepEqual(faults.filter((f) => !f.includes('429')), []);
    await close();
  }
  const { page, close } = await open(env, `/gateways/${level}`);
  await page.getByRole('link', { name: 'Compare with another' }).click();
  await loaded(page, 1);
  await close();
});

test('gateways are listed the worst first and found by what is wrong', async () => {
  const { page, faults, close } = await open(env, '/fleet');
  const rows = page.locator('tr[data-gateway]');
  await page.locator('[data-filter=gaps]:not([disabled])').waitFor();
  assert.equal(await rows.count(), 4);
  await flip(env.mock, 'online', { id: bridge, on: false });
  await page.locator(`tr[data-gateway=${bridge}]`).getByText('Offline').waitFor();
  const order = await rows.evaluateAll((l) => l.map((r) => r.dataset.gateway));
  const away = await page.locator('tr[data-flags]', { hasText: 'Offline' }).count();
  assert.ok(order.indexOf(bridge) < away, `${bridge} is away and stands below gateways that are there: ${order}`);
  await page.locator('[data-filter=gaps]').click();
  await page.waitForFunction(() => [...document.querySelectorAll('tr[data-gateway]')].every((r) => r.dataset.flags.includes('gaps')));
  assert.match(page.url(), /show=gaps/);
  await page.locator(`tr[data-gateway=${bridge}] a`, { hasText: 'longest' }).click();
  await page.getByText(/power cut/).first().waitFor();
  await flip(env.mock, 'online', { id: bridge, on: true });
  assert.deepEqual(real(faults), []);
  await close();
});

test('the guide stands behind the fleet, and its address is as it was', async () => {
  const { page, faults, close } = await open(env, '/fleet');
  await page.getByRole('link', { name: 'Connect a gateway' }).click();
  assert.equal(new URL(page.url()).pathname, '/connect');
  await page.locator('main nav a[href="/fleet"]').waitFor();
  assert.deepEqual(real(faults), []);
  await close();
});

test('the fleet stands on a map, as many as are listed, and one is opened from there', async () => {
  const { page, faults, close } = await open(env, '/fleet');
  await page.locator('[data-map-button]').click();
  await page.locator(`[data-mark="${bridge}"], [data-mark]`).first().waitFor();
  assert.match(page.url(), /view=map/);
  const told = async () => {
    const marks = await page.locator('[data-mark] b').allInnerTexts();
    return (await page.locator('[data-mark]').count()) - marks.length + marks.reduce((n, m) => n + Number(m), 0);
  };
  const placed = await told();
  assert.ok(placed > 1, `${placed}`);
  await page.locator('input[type=search]').fill(bridge);
  await page.locator(`[data-mark="${bridge}"]`).waitFor();
  assert.equal(await told(), 1);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(real(faults), []);
  await page.locator(`[data-mark="${bridge}"]`).press('Enter');
  await page.waitForURL((u) => u.pathname === `/gateways/${bridge}`);
  await close();
});

const pages = { start: '/streams', streams: `/streams?s=${level}&s=${bridge}/weather/temp`, fleet: '/fleet', stream: `/gateways/${level}` };
for (const look of looks) {
  for (const [name, path] of Object.entries(pages)) {
    test(`${name} is accessible and fits 320 px: ${look.locale}`, async () => {
      const { page, faults, close } = await open(env, path, look);
      if (name === 'streams') await loaded(page, 2);
      if (name === 'fleet') await page.locator('[data-filter=gaps]:not([disabled])').waitFor();
      assert.deepEqual(await axe(page), []);
      await page.setViewportSize({ width: 320, height: 640 });
      assert.ok((await overflow(page)) <= 0, `${await overflow(page)} px too wide`);
      assert.deepEqual(await axe(page), []);
      assert.deepEqual(real(faults), []);
      await close();
    });
  }
}

test('what a real aggregator exports is what the gateway sent', async () => {
  center = await startCenter();
  await center.hire('li.lei', '李雷', [{ role: 'viewer', area: '990101' }]);
  const gateway = await center.gateway('gw-1', '990101002001');
  await gateway.state({ site: { area: '990101002001', time_zone: '+08:00' } });
  const now = Math.floor(Date.now() / 1000) * 1000;
  const at = [300, 200, 100].map((s) => now - s * 1000);
  for (const [i, t] of at.entries()) await gateway.live([{ device: 'river', channel: 'level', v: 3 + i / 4 }], { at: t });
  const { page, close } = await center.enter('/streams', 'li.lei', { acceptDownloads: true });
  await page.locator('[data-pick="gw-1/river/level"]').click();
  await loaded(page, 1);
  const save = async (name) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name, exact: true }).click()]);
    return readFile(await file.path());
  };
  const lines = (await save('CSV for Excel')).toString();
  assert.ok(lines.startsWith('\ufeffrow,time,time_utc,'));
  const rows = lines.trim().split('\r\n').slice(1).map((l) => l.split(',')).filter((l) => l[0] === 'reading');
  assert.deepEqual(rows.map((l) => [Date.parse(l[1]), Date.parse(l[2]), l[8], l[9], l[10]]), at.map((t, i) => [t, t, String(3 + i / 4), 'm', '1']));
  assert.ok(rows.every((l) => l[1].endsWith('+08:00') && l[2].endsWith('Z')));
  // Read by another implementation than the one that wrote it.
  const b = await save('Parquet');
  const read = (await parquetReadObjects({ file: b.buffer.slice(b.byteOffset, b.byteOffset + b.length) })).filter((r) => r.row === 'reading');
  assert.deepEqual(read.map((r) => [r.time.getTime(), r.value, r.unit, Number(r.quality), r.zone]), at.map((t, i) => [t, 3 + i / 4, 'm', 1, '+08:00']));
  gateway.close();
  await close();
});
