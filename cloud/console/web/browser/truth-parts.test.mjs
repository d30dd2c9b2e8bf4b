// Nothing lies, at the center: the connection, the store, the broker and the database, each a real server and each out of order once, from the cause to the
// words. What is said and how soon stands in docs/console-truth.md; LAMPPOST_SHOTS=DIR leaves a picture of each.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCenter } from './center.mjs';
import { startInflux } from './influx.mjs';
import { startMosquitto } from './mosquitto.mjs';
import { startPostgres } from './postgres.mjs';
import { startProxy } from './proxy.mjs';
import { area, live, riverside, row, told } from './truth.mjs';

/** How often the page asks how the aggregator is, and how long the answer may take. */
const asking = 10_000;
const answer = 4000;
/** How long a mended part may take to be back, with all that waited for it. */
const mending = 120_000;
const words = {
  'en-GB': {
    cut: /No connection to the aggregator since \d\d:\d\d:\d\d\. What you see is not current/,
    store: /The store has been taking no readings since \d\d:\d\d/,
    broker: /The aggregator has lost its broker: since \d\d:\d\d/,
    database: /The database has not answered since \d\d:\d\d/,
    more: /There are more active alerts; 5,\d{3} are loaded, the gravest and the newest/,
  },
  'zh-CN': { cut: /与汇聚平台的连接自 \d\d:\d\d:\d\d 起中断/, store: /自 \d\d:\d\d.*读数无法入库/, broker: /汇聚平台与消息服务器的连接已断开：自 \d\d:\d\d/, database: /自 \d\d:\d\d.*数据库无应答/, more: /活动告警过多，已载入 5,\d{3} 条：最严重的和最新的/ },
};
const ill = (which) => (page, lang) => page.locator(`[data-ill=${which}]`).getByText(words[lang][which]).waitFor();
const banner = (page, lang) => page.locator('p[role=status]').getByText(words[lang].cut).waitFor();

let influx;
let broker;
let postgres;
let center;
let proxy;
let river;
before(async () => {
  [influx, broker, postgres] = await Promise.all([startInflux(), startMosquitto(), startPostgres()]);
  center = await startCenter({
    more: { store: { influx: { url: influx.url, bucket: 'city/raw' } }, mqtt: { broker: broker.address }, database: { postgres: { url: postgres.url } } },
  });
  proxy = await startProxy(center.url);
  await center.hire('li', '李工', [{ role: 'operator', area: '*' }]);
  river = await riverside(center);
});
after(async () => {
  river?.close();
  await proxy?.close();
  await center?.stop();
  await Promise.all([influx, broker, postgres].map((s) => s?.close()));
});

/** Waits until none of these pages says what was wrong any more, without a reload. */
async function mended({ pages, close }, which) {
  await Promise.all(pages.map((page) => page.locator(`[data-ill=${which}]`).waitFor({ state: 'detached', timeout: mending })));
  await close();
}

test('the connection ends: that is said, and mends itself with what happened meanwhile', async () => {
  const cut = await told(center, 'stream-cut', { path: '/', via: proxy.url, ready: live, cause: () => proxy.cut(), says: banner, within: 6000 });
  await Promise.all(cut.pages.map((page) => page.locator('[data-phase=offline]').waitFor({ timeout: 9000 })));
  const { id } = await river.alert();
  proxy.mend();
  for (const page of cut.pages) {
    await page.locator('[data-phase=live]').waitFor();
    await page.locator(`li[data-alert="${id}"]`).first().waitFor();
    await page.locator('p[role=status]').getByText(/aggregator since|连接自/).waitFor({ state: 'detached' });
  }
  await cut.close();
});

test('the connection stands and carries nothing: the age of the last message runs, then it is said', async () => {
  const silent = await told(center, 'silence', {
    path: '/',
    via: proxy.url,
    cause: async () => proxy.swallow(),
    says: async (page, lang) => {
      await page.locator('[data-phase=live] .age').getByText(/(2|3)\d/).waitFor();
      await banner(page, lang);
    },
    within: 46_000,
  });
  proxy.mend();
  for (const page of silent.pages) await page.locator('[data-phase=live]').waitFor();
  await silent.close();
});

test('the store answers nothing: what cannot be stored is said, and what is shown is current all the same', async () => {
  // A request of the aggregator's to the store may take 20 s.
  const stalled = await told(center, 'store-stalled', { cause: async () => influx.freeze(), says: ill('store'), within: 20_000 + asking + answer, holds: current });
  influx.thaw();
  await mended(stalled, 'store');
});

test('the store refuses connections: the same is said', async () => {
  const refused = await told(center, 'store-refused', { cause: () => influx.stop(), says: ill('store'), within: asking + answer, holds: current });
  await influx.start();
  await mended(refused, 'store');
});

test('the database answers nothing: that is said', async () => {
  const frozen = await told(center, 'database-frozen', { cause: async () => postgres.freeze(), says: ill('database'), within: asking + answer });
  postgres.thaw();
  await mended(frozen, 'database');
});

test('the aggregator has lost its broker: nothing new from anybody', async () => {
  const lost = await told(center, 'broker-lost', { cause: () => (river.close(), broker.stop()), says: ill('broker'), within: asking + answer });
  for (const page of lost.pages) {
    assert.equal(await page.locator('[data-phase=live]:not([data-deaf])').count(), 0, 'the sign of the connection says that all is live');
    if (await page.locator('[data-count=gateways]').count()) assert.match(await page.locator('[data-count=gateways]').innerText(), /not known|不得而知/);
    assert.equal(await page.locator('p.good').count(), 0, 'everything works, it says');
  }
  await broker.start();
  await mended(lost, 'broker');
  river = await riverside(center);
});

test('more alerts are active than a page loads: there are more, it says, and the gravest is there', async () => {
  const worst = await river.alert({ severity: 'red', device: 'underpass', area });
  const at = Date.now();
  for (let sent = 0; sent <= 5000; sent += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, i) => river.alert({ severity: 'blue', at: at - sent - i, device: `gauge-${sent + i}`, area })));
  }
  while (!(await moreThan(5000))) assert.ok(Date.now() - at < mending, 'the alerts did not come');
  const { pages, close } = await told(center, 'too-many-alerts', {
    path: '/',
    ready: (page) => page.locator('h1').first().waitFor({ state: 'attached' }),
    cause: (pages) => Promise.all(pages.map((page) => page.reload({ waitUntil: 'commit' }))),
    says: (page, lang) => page.getByText(words[lang].more).first().waitFor(),
    within: 5000,
  });
  for (const page of pages) await page.locator(`li[data-alert="${worst.id}"]`).first().waitFor();
  await close();
});

/** Whether more alerts than that are active, as the aggregator lists them. */
async function moreThan(most) {
  let after = '';
  let n = 0;
  do {
    // While it takes them in it may be too busy to answer.
    const list = await center.admin.call('GET', `/alerts?state=active&limit=1000${after && `&after=${encodeURIComponent(after)}`}`).catch(() => ({ alerts: [] }));
    n += list.alerts.length;
    after = list.next ?? '';
  } while (after && n <= most);
  return n > most;
}

/** The newest values are not stored, and current all the same. */
async function current(page) {
  assert.equal(await row(page).locator('[data-standing]').count(), 0);
}
