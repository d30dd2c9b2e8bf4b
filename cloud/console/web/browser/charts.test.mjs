// The charts of an alert: what stands on them is what the aggregator says, and is said in
// words below them, too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, open, overflow, start } from './harness.mjs';

let env;
before(async () => (env = await start()));
after(() => env.stop());

const path = (n) => `/alerts/01928f3a-7c00-7000-8000-${String(n).padStart(12, '0')}`;
const signs = (page) => page.locator('[data-chart] [data-sign]').evaluateAll((l) => l.map((e) => e.dataset.sign));
const loaded = (page) => page.locator('[data-chart][data-loaded=true] .chart').first().waitFor();

const looks = [
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'zh-CN', colorScheme: 'dark' },
];
for (const look of looks) {
  const zh = look.locale === 'zh-CN';
  test(`limit, forecast, gap and doubtful readings around an alert: ${look.locale}`, async () => {
    const { page, faults, close } = await open(env, path(3), look);
    await loaded(page);
    const chart = page.locator('[data-chart="hz-gongshu-bridge-07/river/level"]');
    await page.waitForFunction(() => Number(document.querySelector('[data-chart] .chart')?.dataset.bands) >= 1);
    assert.equal(await chart.locator('.chart').getAttribute('data-expectations'), '1');
    assert.deepEqual(await signs(page), ['forecast', 'raised', 'actual']);
    const text = await chart.innerText();
    for (const want of zh ? [/数据缺口/, /可疑/, /限值/, /预计达到限值/, /发出 \d\d:\d\d:\d\d/] : [/data gap/, /suspect/, /limit of an alert/, /when the limit was expected/, /Raised \d\d:\d\d:\d\d/]) {
      assert.match(text, want);
    }
    // The gap that was declared is read at the chart's left edge, 27 minutes ago, by keyboard as by mouse.
    const box = await chart.locator('.u-over').boundingBox();
    await page.mouse.move(box.x + 4, box.y + box.height / 2);
    await chart.getByText(zh ? /断电|停电/ : /power cut/).waitFor();
    assert.deepEqual(await axe(page), []);
    await page.setViewportSize({ width: 320, height: 640 });
    assert.ok((await overflow(page)) <= 0);
    assert.deepEqual(faults, []);
    await close();
  });
}

test('pictures stand at the time at which they were taken, and only those that are there', async () => {
  const { page, faults, close } = await open(env, path(1));
  await loaded(page);
  const said = page.locator('[data-chart] [data-sign=picture]');
  await said.waitFor();
  assert.equal((await said.innerText()).match(/\d\d:\d\d:\d\d/g).length, 2);
  assert.deepEqual(faults.filter((f) => !f.includes('404')), []);
  await close();
});

test('a limit of a sum over the stream is not drawn among its readings', async () => {
  const { page, close } = await open(env, path(4));
  await loaded(page);
  assert.doesNotMatch(await page.locator('[data-chart]').innerText(), /limit of an alert/);
  await close();
});

test('of an alert that is over the chart ends a while after it', async () => {
  const { page, close } = await open(env, path(103));
  await loaded(page);
  assert.deepEqual(await signs(page), ['raised', 'cleared']);
  const shown = (await page.locator('[data-chart] .chart').getAttribute('aria-label')).match(/\d\d:\d\d:\d\d/g);
  const ended = /(\d\d:\d\d:\d\d)/.exec(await page.locator('[data-sign=cleared]').innerText())[1];
  const minutes = (s) => s.split(':').reduce((m, x) => m * 60 + Number(x), 0) / 60;
  assert.equal(Math.round((minutes(shown[1]) - minutes(ended) + 1440) % 1440), 10);
  await close();
});
