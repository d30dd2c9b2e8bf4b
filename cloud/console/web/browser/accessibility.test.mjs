// axe (WCAG 2.2 A and AA) where a street of every kind of trouble is shown with all folds open, in menus
// and with nothing to show. Every page and dialog is in everypage.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, bridge, open, start } from './harness.mjs';

let env;
let empty;
before(async () => {
  env = await start();
  empty = await start({ gateways: 0 });
});
after(async () => {
  await env.stop();
  await empty.stop();
});

const pages = {
  overview: '/',
  'an alert': '/alerts/01928f3a-7c00-7000-8000-000000000001',
  'a gateway': '/gateways/hz-xiasha-pump-02',
  'a stream': `/gateways/${bridge}/river/level`,
};
const looks = [
  { locale: 'zh-CN', colorScheme: 'light' },
  { locale: 'en-GB', colorScheme: 'dark' },
];

for (const [name, path] of Object.entries(pages)) {
  for (const look of looks) {
    test(`${name}, ${look.locale}, ${look.colorScheme}`, async () => {
      const { page, close } = await open(env, path, look);
      await page.locator('[data-phase=live]').waitFor();
      for (const d of await page.locator('details > summary').all()) await d.click();
      if (path.endsWith('/level')) await page.waitForFunction(() => Number(document.querySelector('.chart')?.dataset.bands) > 0);
      assert.deepEqual(await axe(page), []);
      await close();
    });
  }
}

for (const look of looks) {
  test(`dialog and menu, ${look.locale}, ${look.colorScheme}`, async () => {
    const { page, close } = await open(env, '/', look);
    await page.locator('[aria-controls=display-panel]').click();
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
    await page.locator('li[data-alert] button.primary').first().click();
    await page.locator('dialog[open] input').fill('');
    await page.locator('dialog[open] button.primary').click();
    assert.deepEqual(await axe(page), []);
    await close();
  });

  test(`phone and empty state, ${look.locale}, ${look.colorScheme}`, async () => {
    const phone = { ...look, size: [360, 740], isMobile: true, hasTouch: true };
    for (const e of [env, empty]) {
      const { page, close } = await open(e, '/', phone);
      await page.locator('[data-phase=live]').waitFor();
      assert.deepEqual(await axe(page), []);
      await close();
    }
  });
}

test('pre-alerts and alerts keep their levels apart without colour', async () => {
  const { page, close } = await open(env);
  const shapes = await page.locator('li[data-alert] svg[data-shape]').evaluateAll((l) =>
    l.map((e) => [e.closest('li').dataset.severity, e.dataset.shape, e.closest('li').querySelector('strong').textContent]),
  );
  const want = { red: ['octagon', 'Ⅰ Red'], orange: ['triangle', 'Ⅱ Orange'], yellow: ['diamond', 'Ⅲ Yellow'], blue: ['circle', 'Ⅳ Blue'] };
  assert.ok(shapes.length > 4);
  for (const [severity, shape, word] of shapes) assert.deepEqual([shape, word], want[severity]);
  await close();
});
