// From a phone to a wall, and with a whole city. What holds on every page is in everypage.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bridge, open, overflow, start } from './harness.mjs';
import { small } from './laws.mjs';

let env;
before(async () => (env = await start()));
after(() => env.stop());

const paths = {
  overview: '/',
  timeline: '/?view=time&span=24',
  map: '/?area=990101&view=map',
  alerts: '/alerts',
  alert: '/alerts/01928f3a-7c00-7000-8000-000000000001',
  gateway: '/gateways/hz-xiasha-pump-02',
  stream: `/gateways/${bridge}/river/level`,
  connect: '/connect',
};
const screens = {
  'phone, Chinese': { size: [360, 740], locale: 'zh-CN', isMobile: true, hasTouch: true },
  'phone, English': { size: [360, 740], locale: 'en-GB', isMobile: true, hasTouch: true },
  'desktop, elsewhere': { size: [1280, 900], locale: 'zh-CN', timezoneId: 'America/New_York' },
  'phone, elsewhere': { size: [320, 640], locale: 'zh-CN', timezoneId: 'America/New_York' },
  wall: { size: [1920, 1080] },
  'large wall': { size: [3840, 2160], locale: 'zh-CN' },
};

for (const [screen, options] of Object.entries(screens)) {
  test(`nothing is wider than the screen: ${screen}`, async () => {
    for (const [name, path] of Object.entries(paths)) {
      const { page, close } = await open(env, path, options);
      await page.locator('main h1').waitFor({ state: 'attached' });
      await page.locator('[data-phase=live]').waitFor();
      await page.waitForTimeout(200);
      assert.ok((await overflow(page)) <= 0, `${name} is ${await overflow(page)} px too wide`);
      await close();
    }
  });
}

test('no panel is wider than its column', async () => {
  for (const size of [[1280, 900], [1440, 900], [1600, 900], [1920, 1080], [2560, 1440]]) {
    for (const locale of ['en-GB', 'zh-CN']) {
      const { page, close } = await open(env, '/', { size, locale });
      await page.locator('td.value').first().waitFor();
      const burst = await page.locator('section.device').evaluateAll((panels) =>
        panels.filter((p) => p.scrollWidth > p.clientWidth + 1 || p.offsetWidth > p.parentElement.clientWidth + 1).map((p) => p.dataset.device),
      );
      assert.deepEqual(burst, [], `${size} ${locale}`);
      await close();
    }
  }
});

test('targets are large enough for a thumb on a phone', async () => {
  for (const path of Object.values(paths)) {
    const { page, close } = await open(env, path, screens['phone, English']);
    await page.waitForTimeout(200);
    // A heading that is a link is as wide as the row it opens.
    const found = (await small(page, 44)).filter((f) => !/^A (Underpass|River|Rain|PM2|Cabinet)/.test(f));
    assert.deepEqual(found, [], path);
    await close();
  }
});

test('colours and text size can be chosen and are kept', async () => {
  const { page, close } = await open(env, '/', { colorScheme: 'light' });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.locator('[aria-controls=display-panel]').click();
  await page.getByRole('radio', { name: 'Dark' }).check();
  assert.notEqual(await background(), light);
  await page.getByRole('radio', { name: 'Large' }).check();
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#display-panel').isHidden());
  await page.reload();
  await page.locator('h1').first().waitFor({ state: 'attached' });
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  assert.equal(await page.locator('html').getAttribute('data-size'), 'large');
  await close();
});

test('nothing moves for those who asked for that', async () => {
  const { page, close } = await open(env, '/', { reducedMotion: 'reduce' });
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
  await close();
});

test('a city of a thousand gateways is usable', async () => {
  const city = await start({ gateways: 1000 });
  const began = Date.now();
  const { page, faults, close } = await open(city);
  await page.locator('[data-gateway]').first().waitFor();
  const useful = Date.now() - began;
  assert.match(await page.locator('dl.summary').innerText(), /of 1,000 (online|offline)/);
  assert.ok((await page.locator('[data-gateway]').count()) <= 100, 'all rows at once');
  // Find one, open it, see its values; measured in the page, input to the next frame.
  const took = await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const input = document.querySelector('section.gateways input[type=search]');
    const start = performance.now();
    input.value = 'demo-0777';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await frame();
    return performance.now() - start;
  });
  await page.locator('[data-gateway=demo-0777] button').click();
  await page.locator('[data-gateway=demo-0777] td.value').first().waitFor();
  // While a thousand gateways report, how long is the page ever busy?
  const longest = await page.evaluate(
    () =>
      new Promise((done) => {
        let worst = 0;
        new PerformanceObserver((l) => l.getEntries().forEach((e) => (worst = Math.max(worst, e.duration)))).observe({
          type: 'longtask',
        });
        setTimeout(() => done(worst), 11_000);
      }),
  );
  console.log(`# 1000 gateways: first view ${useful} ms, search ${took.toFixed(0)} ms, longest task in 11 s ${longest.toFixed(0)} ms`);
  assert.ok(took < 250, `a search took ${took} ms`);
  assert.ok(longest < 500, `the page was busy for ${longest} ms`);
  assert.deepEqual(faults, []);
  await close();
  await city.stop();
});
