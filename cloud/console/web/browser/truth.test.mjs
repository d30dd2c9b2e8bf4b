// Nothing lies, at the gateways: one that is offline, a wrong clock, a bad sensor, a value that is old or dated ahead, each on a real aggregator, from the cause
// to the words. What is said and how soon stands in docs/console-truth.md; LAMPPOST_SHOTS=DIR leaves a picture of each.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { startCenter } from './center.mjs';
import { device, level, live, riverside, row, told } from './truth.mjs';

/** "With the reading": from the gateway over broker and aggregator onto the page. */
const atOnce = 2000;

let center;
let river;
before(async () => {
  center = await startCenter();
  await center.hire('li', '李工', [{ role: 'operator', area: '*' }]);
  river = await riverside(center);
});
afterEach(async () => {
  await river.online(true);
  await river.report();
  await river.speak();
});
after(async () => {
  river?.close();
  await center?.stop();
});

test('a sensor fails: its value is struck through, with the reason', async () => {
  const why = { 'en-GB': /range/i, 'zh-CN': /超出量程/ };
  const { close } = await told(center, 'bad-sensor', {
    within: atOnce,
    cause: () => river.speak(level(98.7, { qc: 4, why: 'range' })),
    says: async (page, lang) => {
      await row(page).locator('td.value.doubtful').waitFor();
      await row(page).locator('.quality').first().getByText(why[lang]).first().waitFor();
    },
  });
  await close();
});

test('a sensor is silent: that and the reason are said, and nothing says that everything works', async () => {
  const words = { 'en-GB': /^Silent: /, 'zh-CN': /^无应答/ };
  const faults = { 'en-GB': /1 of 2 devices does not answer/, 'zh-CN': /2 台设备中有 1 台/ };
  const { close } = await told(center, 'silent-sensor', {
    within: atOnce,
    cause: () => river.report({ devices: [device('river'), device('well', { state: 'silent', fault: 'timeout' })] }),
    says: (page, lang) => page.locator('[data-device="river-01/well"] [data-state=silent]').getByText(words[lang]).waitFor(),
    holds: async (page, lang) => {
      await page.locator('[data-health=devices]').getByText(faults[lang]).waitFor();
      assert.equal(await page.locator('p.good').count(), 0, 'everything works, it says');
    },
  });
  await close();
});

test('a wrong clock: times are provisional until it is set', async () => {
  const words = { 'en-GB': /Not set yet: times are provisional/, 'zh-CN': /尚未校时/ };
  const { close } = await told(center, 'wrong-clock', {
    within: atOnce,
    cause: async () => {
      await river.report({ clock: 'unsynced' });
      await river.speak(level(2.74), { boot: true });
    },
    says: async (page, lang) => {
      await page.getByText(words[lang]).first().waitFor();
      await row(page).locator('time').getByText('~').waitFor();
    },
  });
  await close();
});

test('a value is old: hatched, with the time that it is from', async () => {
  const words = { 'en-GB': /\d\d:\d\d:\d\d/, 'zh-CN': /\d\d:\d\d:\d\d/ };
  const { close } = await told(center, 'old-value', {
    within: 3 * 1000 + 1000 + atOnce,
    cause: () => river.hush(),
    says: (page, lang) => row(page).locator('[data-standing=stale]').getByText(words[lang]).waitFor(),
    holds: async (page) => {
      assert.ok(await row(page).locator('td.value').evaluate((e) => getComputedStyle(e).backgroundImage.includes('gradient')), 'it is not hatched');
    },
  });
  await close();
});

test('a gateway says that it goes: nothing of it looks like the present', async () => {
  const { close } = await told(center, 'gateway-offline', {
    within: atOnce,
    cause: () => (river.hush(), river.online(false)),
    says: offline,
    holds: async (page) => assert.equal(await page.locator('main [data-state=ok]').count(), 0, 'something is said to answer'),
  });
  await close();
});

test('a gateway goes without a word: its last will says so after one and a half of its keep-alive', async () => {
  const keepAlive = 4;
  const quiet = await riverside({ gateway: (id, at, more) => center.gateway('river-02', at, more) }, { keepAlive, will: true });
  const { close } = await told(center, 'gateway-gone', {
    path: '/gateways/river-02',
    ready: (page) => page.locator('tr[data-stream="river-02/river/level"] td.value').waitFor(),
    within: keepAlive * 1500 + atOnce,
    cause: () => quiet.hush(),
    says: offline,
  });
  quiet.close();
  await close();
});

test('a reading is dated ahead: its age says by how much', async () => {
  const words = { 'en-GB': /(2 h|1 h 59 min).* ahead$/, 'zh-CN': /^超前 (2 小时|1 小时 59 分)/ };
  const { close } = await told(center, 'dated-ahead', {
    within: atOnce,
    cause: () => (river.hush(), river.live(level(2.75), { at: Date.now() + 7200e3 })),
    says: (page, lang) => row(page).locator('time').getByText(words[lang]).waitFor(),
    holds: (page) => live(page),
  });
  await close();
});

/** What the page of a gateway that is away says. */
async function offline(page, lang) {
  const words = { 'en-GB': /Offline\. All below is as it was last known/, 'zh-CN': /离线。以下均为最后已知的情况/ };
  await page.locator('[data-silent]').first().getByText(words[lang]).waitFor();
  await page.locator('[data-standing=silent]').first().waitFor();
}
