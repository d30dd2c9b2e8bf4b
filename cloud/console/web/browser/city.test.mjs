// The city by place: down from the city to a community, on the map and in the list.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bridge, flip, open, start } from './harness.mjs';

let env;
let crowd;
before(async () => {
  env = await start();
  crowd = await start({ gateways: 1000 });
});
after(async () => {
  await env.stop();
  await crowd.stop();
});

const rows = (page) => page.locator('tr[data-area]').evaluateAll((list) => list.map((r) => r.dataset.area));

test('one goes down by the list and back by the way, with the counts of each area', async () => {
  const { page, faults, close } = await open(env, '/city');
  await page.locator('tr[data-area="990101"]').waitFor();
  assert.deepEqual(await rows(page), ['990101'], 'a city without a boundary of its own is not a step');
  await page.getByRole('link', { name: 'Lamppost District' }).click();
  await page.locator('tr[data-area="990101002"]').waitFor();
  assert.deepEqual(await rows(page), ['990101001', '990101002', '990101003']);
  const bank = page.locator('tr[data-area="990101002"]');
  assert.match(await bank.innerText(), /Willow Bank Street[\s\S]*(Red|Orange|Yellow|Blue)/);
  assert.match(await page.locator('tr[data-area="990101001"]').innerText(), /no gateways/);
  await bank.getByRole('link').click();
  await page.locator('tr[data-area="990101002003"]').waitFor();
  assert.equal(await page.locator('h1').innerText(), 'Willow Bank Street');
  await page.locator('li[data-alert]').first().waitFor(); // its alerts
  await page.goBack();
  await page.locator('tr[data-area="990101001"]').getByRole('link').click();
  await page.locator('tr[data-area="990101001001"]').waitFor();
  assert.equal(await page.locator('li[data-alert]').count(), 0, 'alerts of another street');
  assert.equal(await page.locator('[data-bar]').count(), 0, 'bars of another street');
  await page.locator('nav.way').getByRole('link', { name: 'The city' }).click();
  await page.locator('tr[data-area="990101"]').waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('rivers, roads and railways lie below the areas, by day and by night', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const { page, faults, close } = await open(env, '/?area=990101', { colorScheme });
    await page.locator('[data-map]:not([data-lines="0"])').waitFor();
    // What is painted: the colours of water and of ways, as the theme has them.
    const painted = await page.evaluate(() => {
      const wanted = ['--map-water', '--map-way'].map((v) => getComputedStyle(document.documentElement).getPropertyValue(v).trim());
      const canvas = document.querySelector('.leaflet-below-pane canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const near = (i, c) => [1, 3, 5].every((at, k) => Math.abs(data[i + k] - parseInt(c.slice(at, at + 2), 16)) < 4);
      return wanted.map((c) => {
        let n = 0;
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200 && near(i, c)) n++;
        return n;
      });
    });
    assert.ok(painted.every((n) => n > 200), `${painted}`);
    assert.deepEqual(faults, []);
    await close();
  }
});

test('a gateway stands on the map, says what it is, and is chosen and opened by the keyboard', async () => {
  const { page, faults, close } = await open(env, '/?area=990101002');
  const mark = page.locator(`[data-mark="${bridge}"]`);
  await mark.waitFor();
  assert.match(await mark.getAttribute('aria-label'), /^拱宸桥 07 号灯杆, worst alert: /);
  await mark.focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction((id) => new URLSearchParams(location.search).get('on') === id, bridge);
  await page.locator('.chosen', { hasText: '拱宸桥 07 号灯杆' }).waitFor();
  const whose = await page.locator('section[aria-labelledby=active-title] li[data-alert] .where a').allTextContents();
  assert.deepEqual([...new Set(whose)], ['拱宸桥 07 号灯杆'], 'alerts of others are listed');
  await page.getByRole('link', { name: 'Open this gateway' }).press('Enter');
  await page.waitForFunction((id) => location.pathname === `/gateways/${id}`, bridge);
  assert.deepEqual(faults, []);
  await close();
});

test('an alert changes the mark and the area while one looks, and so does a gateway that goes away', async () => {
  const own = await start();
  const { page, close } = await open(own, '/?area=990101');
  const mark = page.locator(`[data-mark="${bridge}"]`);
  await mark.waitFor();
  await flip(own.mock, 'alert', { severity: 'red' });
  await page.waitForFunction((id) => /Red/.test(document.querySelector(`[data-mark="${id}"]`).getAttribute('aria-label')), bridge);
  await page.waitForFunction(() => /Red/.test(document.querySelector('tr[data-area="990101002"]').innerText));
  await flip(own.mock, 'online', { id: bridge, on: false });
  await page.waitForFunction((id) => /Offline/.test(document.querySelector(`[data-mark="${id}"]`).getAttribute('aria-label')), bridge);
  await close();
  await own.stop();
});

test('a thousand gateways are a few marks that hold them all, and come apart when one is pressed', async () => {
  const { page, faults, close } = await open(crowd, '/');
  await page.locator('[data-mark]').first().waitFor();
  const told = () =>
    page.locator('[data-mark]').evaluateAll((list) => list.map((e) => Number(e.querySelector('b')?.textContent ?? 1)));
  await page.waitForFunction(() => [...document.querySelectorAll('[data-mark]')].reduce((n, e) => n + Number(e.querySelector('b')?.textContent ?? 1), 0) === 999); // one stands far outside
  const before = await told();
  assert.ok(before.length < 200, `${before.length} marks`);
  const largest = page.locator('[data-mark]').nth(before.indexOf(Math.max(...before)));
  const key = await largest.getAttribute('data-mark');
  await largest.focus();
  await page.keyboard.press('Enter');
  const zoom = (list) => Math.max(...list.filter((k) => k.includes('/')).map((k) => Number(k.split('/')[0])));
  const keys = () => page.locator('[data-mark]').evaluateAll((list) => list.map((e) => e.dataset.mark));
  await page.waitForFunction((k) => !document.querySelector(`[data-mark="${k}"]`), key);
  assert.ok(zoom(await keys()) > zoom([key]), 'it came nearer');
  assert.ok(Math.max(...(await told())) < Math.max(...before));
  assert.deepEqual(faults, []);
  await close();
});

test('a ground in other coordinates moves what stands on it, and names its approval', async () => {
  const tiles = '/tiles/{z}/{x}/{y}.svg';
  const plain = await start({ ground: { tiles, coordinates: 'wgs84', attribution: '天地图', approval: '审图号：GS(2026)1234号' } });
  const shifted = await start({ ground: { tiles, coordinates: 'gcj02', attribution: '', approval: '' } });
  // Where the first tile and the gateway stand to each other, in pixels.
  const offset = async (e) => {
    const { page, faults, close } = await open(e, '/?area=990101002');
    const mark = page.locator(`[data-mark="${bridge}"]`);
    await mark.waitFor();
    await page.locator('.leaflet-tile-loaded').first().waitFor();
    const [tile, z, x, y] = await page.locator('.leaflet-tile-loaded').first().evaluate((i) => {
      const [z, x, y] = new URL(i.src).pathname.match(/\d+/g).map(Number);
      return [i.getBoundingClientRect().toJSON(), z, x, y];
    });
    const m = await mark.boundingBox();
    const text = await page.locator('[data-ground]').allInnerTexts();
    assert.deepEqual(faults, []);
    await close();
    const size = 256 * 2 ** z;
    return { lon: ((x * 256 + m.x + m.width / 2 - tile.x) / size) * 360 - 180, y: (y * 256 + m.y + m.height / 2 - tile.y) / size, text: text.join() };
  };
  const a = await offset(plain);
  const b = await offset(shifted);
  assert.ok(Math.abs(a.lon - 120.142) < 1e-3, `on its own ground it stands at ${a.lon}`);
  assert.ok(Math.abs(b.lon - 120.1467) < 1e-3, `on the shifted ground it stands at ${b.lon}`);
  assert.match(a.text, /天地图 · 审图号：GS\(2026\)1234号/);
  assert.equal(b.text, '');
  await plain.stop();
  await shifted.stop();
});
