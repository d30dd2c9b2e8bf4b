// What a shift works with: keys, sound, the wall; the mock's street of alerts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, flip, open, overflow, start } from './harness.mjs';
import { speaker } from './speaker.mjs';

let env;
before(async () => (env = await start()));
after(() => env.stop());

async function at(path, options = {}) {
  const opened = await open(env, path, options);
  await opened.page.locator('[data-phase=live], [data-page=wall]').first().waitFor();
  return opened;
}
const focused = (page) => page.evaluate(() => document.activeElement?.closest('[data-alert]')?.dataset.alert ?? '');

test('rows are gone through and acknowledged by keys, each asked about first', async () => {
  const { page, faults, close } = await at('/alerts');
  await page.locator('li[data-alert] h3 a').nth(2).waitFor();
  const ids = await page.locator('main li[data-alert]').evaluateAll((l) => l.filter((e) => e.checkVisibility()).map((e) => e.dataset.alert));
  await page.keyboard.press('j');
  assert.equal(await focused(page), ids[0]);
  await page.keyboard.press('j');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('k');
  assert.equal(await focused(page), ids[1]);
  await page.keyboard.press('n');
  const next = await focused(page);
  assert.ok(next && next !== ids[1]);
  await page.keyboard.press('a');
  const dialog = page.locator('dialog[open][data-dialog=acknowledge]');
  await dialog.waitFor();
  // Within a dialog and a field a letter is a letter.
  await dialog.locator('input').fill('');
  await page.keyboard.type('jack');
  assert.equal(await dialog.locator('input').inputValue(), 'jack');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/alerts\//);
  assert.deepEqual(faults, []);
  await close();
});

test('keys lead to pages, search, levels and colours; the help says which work here', async () => {
  const { page, close } = await at('/', { colorScheme: 'light' });
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL(/\/alerts$/);
  await page.keyboard.press('d');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.keyboard.press('?');
  const help = page.locator('dialog[open][data-dialog=keys]');
  await help.waitFor();
  assert.match(await help.innerText(), /Next row[\s\S]*Acknowledge[\s\S]*Light or dark[\s\S]*Go to: Alerts/);
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('Escape');
  await page.keyboard.press('2');
  await page.waitForFunction(() => [...document.querySelectorAll('main select')].some((s) => s.value === 'orange'));
  await page.keyboard.press('w');
  await page.waitForURL(/\/wall$/);
  await close();
});

test('without keys of one letter nothing happens, and that is kept', async () => {
  const { page, close } = await at('/alerts');
  await page.keyboard.press('?');
  await page.locator('[data-dialog=keys] input[type=checkbox]').uncheck();
  await page.keyboard.press('Escape');
  for (const k of ['w', 'd', '?', 'j', 'g', 'a']) await page.keyboard.press(k);
  assert.match(page.url(), /\/alerts$/);
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.reload();
  await page.locator('[data-phase=live]').waitFor();
  await page.keyboard.press('w');
  assert.match(page.url(), /\/alerts$/);
  await page.locator('[aria-controls=display-panel]').click();
  await page.locator('#display-panel').getByLabel('Keys of one letter').check();
  await page.keyboard.press('Escape');
  await page.locator('h1').focus();
  await page.keyboard.press('w');
  await page.waitForURL(/\/wall$/);
  await close();
});

test('sounds wait for a touch and say so, are tried out, and muted for ten minutes', async () => {
  const { page, close } = await open(env, '/nonsense', { storage: { sound: 'on' } });
  await page.addInitScript(speaker);
  await page.goto(`${env.mock.url}/`);
  const button = page.locator('header [data-sound]');
  await page.locator('header [data-sound=blocked]').getByText('Sound waits').waitFor();
  await page.locator('h1').first().click({ force: true, position: { x: 1, y: 1 } }).catch(() => page.keyboard.press('Shift'));
  await page.locator('header [data-sound=on]').waitFor();
  await page.locator('[aria-controls=display-panel]').click();
  const heard = async (level) => {
    const before = await page.evaluate(() => globalThis.tones);
    await page.locator(`[data-test=${level}]`).click();
    return (await page.evaluate(() => globalThis.tones)) - before;
  };
  assert.deepEqual([await heard('red'), await heard('orange'), await heard('yellow')], [6, 2, 1]);
  await page.locator('[data-hush]').click();
  await page.locator('header [data-sound=muted]').getByText(/Muted until \d\d:\d\d/).waitFor();
  await page.reload();
  await page.locator('header [data-sound=blocked], header [data-sound=muted]').waitFor();
  await page.keyboard.press('Shift');
  await page.locator('header [data-sound=muted]').waitFor();
  await button.click();
  await page.locator('header [data-sound=on]').waitFor();
  await close();
});

for (const [name, size] of Object.entries({ 'full HD': [1920, 1080], '4K': [3840, 2160] })) {
  test(`the wall is read from metres away: ${name}`, async () => {
    const red = await flip(env.mock, 'alert', { severity: 'red' });
    const { page, faults, close } = await at('/wall', { size, locale: 'zh-CN' });
    await page.locator('[data-row]').first().waitFor();
    const seen = await page.evaluate(() => {
      const px = (s) => parseFloat(getComputedStyle(document.querySelector(s)).fontSize);
      const rows = [...document.querySelectorAll('[data-row]')];
      return {
        rows: rows.length,
        out: rows.filter((r) => r.getBoundingClientRect().bottom > innerHeight).length,
        head: innerHeight / px('h1'),
        row: innerHeight / Math.min(...[...document.querySelectorAll('[data-row] > span')].map((e) => parseFloat(getComputedStyle(e).fontSize))),
        foot: innerHeight / px('[data-update]'),
        cursor: getComputedStyle(document.querySelector('[data-page=wall]')).cursor,
      };
    });
    assert.ok(seen.rows > 0 && seen.rows <= 12 && seen.out === 0, JSON.stringify(seen));
    assert.ok(seen.head <= 60 && seen.row <= 90 && seen.foot <= 90, JSON.stringify(seen));
    assert.equal(seen.cursor, 'none');
    // Level Ⅰ is open: the first page stays.
    assert.equal(await page.locator('[data-page=wall]').getAttribute('data-frozen'), 'yes');
    assert.match(await page.locator('[data-clock]').innerText(), /^\d\d:\d\d:\d\d$/);
    assert.match(await page.locator('[data-update]').innerText(), /最近更新 \d\d:\d\d:\d\d/);
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    await page.mouse.move(50, 50);
    await page.locator('[data-do=hold]').click();
    assert.equal(await page.locator('[data-do=hold]').getAttribute('aria-pressed'), 'true');
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(faults, []);
    await page.keyboard.press('Escape');
    await page.waitForURL((u) => u.pathname === '/');
    await close();
    await flip(env.mock, 'clear', { id: red.id });
  });
}

test('the wall turns its pages, holds when asked, and stays while level Ⅰ is open', async () => {
  const raised = [];
  for (let i = 0; i < 14; i++) raised.push(await flip(env.mock, 'alert', { severity: 'blue' }));
  const { page, close } = await open(env, '/nonsense', { size: [1920, 1080] });
  await page.clock.install();
  await page.goto(`${env.mock.url}/wall`);
  const on = (n) => page.locator(`[data-page=wall][data-at="${n}"]`).waitFor();
  await page.locator('[data-page-of]').waitFor();
  const total = Number(await page.locator('[data-total]').innerText());
  assert.ok(total >= 14 && (await page.locator('[data-row]').count()) === 12);
  await on(0);
  await page.clock.runFor(15_500);
  await on(1);
  assert.equal(await page.locator('[data-row]').count(), total - 12);
  await page.keyboard.press('Space');
  await page.clock.runFor(31_000);
  await on(1);
  await page.keyboard.press('Space');
  const red = await flip(env.mock, 'alert', { severity: 'red' });
  await page.locator('[data-page=wall][data-frozen=yes]').waitFor();
  await on(0);
  await page.clock.runFor(16_000);
  await on(0);
  await page.locator(`[data-row="${red.id}"]`).waitFor();
  for (const a of [...raised, red]) await flip(env.mock, 'clear', { id: a.id });
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok((await overflow(page)) <= 0, `${await overflow(page)} px too wide`);
  await close();
});
