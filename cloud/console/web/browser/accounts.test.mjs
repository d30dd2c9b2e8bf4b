// Logging in, and what concerns the person who has: the built console at a real
// aggregator with accounts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { logIn, oneTimeCode, startAggregator } from './aggregator.mjs';
import { axe, open, overflow, start } from './harness.mjs';

const second = 'a heron stands in the rain';
const third = 'two herons stand in the rain';
let env; // a browser, and an aggregator in the mock's place
let admin; // asks the API
before(async () => {
  const { browser, mock } = await start({ gateways: 0 });
  await mock.close();
  env = { browser, mock: await startAggregator() };
});
after(async () => {
  await env?.browser.close();
  await env?.mock.close();
});

/** What a page with accounts must never do; that a request is refused, the browser always notes. */
const grave = (faults) => faults.filter((f) => !/Failed to load resource/.test(f));

/** Makes a person who need not change the password any more. */
async function person(id, name, grants) {
  const { password } = await admin('/accounts', { id, name, grants });
  const self = await logIn(env.mock.url, id, password);
  await self('/password', { old: password, new: second });
}

async function fill(page, who, password) {
  const form = page.locator('[data-page=login]');
  await form.waitFor();
  await form.locator('input[autocomplete=username]').fill(who);
  await form.locator('input[type=password]').fill(password);
  await form.locator('button.primary').click();
  return form;
}

async function enter(path, who, options) {
  const opened = await open(env, path, options);
  await fill(opened.page, who, second);
  await opened.page.locator('[aria-controls=account-panel]').waitFor();
  return opened;
}

test('the first login: by keyboard, a password that must be changed, back to where one wanted to be', async () => {
  const { page, faults, close } = await open(env, '/alerts', { size: [320, 640] });
  await page.locator('[data-page=login]').waitFor();
  assert.equal(await page.locator('nav').count(), 0);
  assert.ok(await page.evaluate(() => document.activeElement.matches('[autocomplete=username]')));
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(await axe(page), []);
  await page.keyboard.type('admin');
  await page.keyboard.press('Tab');
  await page.keyboard.type('not the password');
  await page.keyboard.press('Enter');
  await page.getByText('the account, the password or the code is wrong').waitFor();
  // The field to correct has the focus; the other language says the same.
  assert.ok(await page.evaluate(() => document.activeElement.matches('[type=password]')));
  await page.locator('button.language').click();
  await page.getByText('账号、口令或验证码不对').waitFor();
  assert.deepEqual(await axe(page), []);
  await page.locator('button.language').click();
  await fill(page, 'admin', env.mock.password);
  const form = page.locator('[data-form=password]');
  await form.waitFor();
  assert.equal(await page.locator('nav').count(), 0);
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(await axe(page), []);
  const [old, fresh, again] = await form.locator('input').all();
  await old.fill(env.mock.password);
  await fresh.fill('short');
  await again.fill('other');
  await form.locator('button').click();
  await page.getByText('The two new passwords differ.').waitFor();
  await again.fill('short');
  await form.locator('button').click();
  await form.locator('.error').waitFor();
  await fresh.fill(second);
  await again.fill(second);
  await form.locator('button').click();
  await page.locator('[data-phase=live]').waitFor();
  assert.equal(new URL(page.url()).pathname, '/alerts');
  await page.locator('main h1', { hasText: 'Alerts' }).or(page.locator('main h2', { hasText: /alerts/i })).first().waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
  admin = await logIn(env.mock.url, 'admin', second);
});

test('the menu: one-time codes with a QR code, sessions, log out; then in with a code', async () => {
  const { page, faults, close } = await enter('/', 'admin', { colorScheme: 'dark', locale: 'zh-CN' });
  await page.locator('[aria-controls=account-panel]').click();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#account-panel').isHidden());
  await page.keyboard.press('Enter');
  await page.locator('#account-panel a[href="/account/sessions"]').click();
  // That of the API is another one, and can be ended.
  const other = page.locator('[data-session]').filter({ has: page.locator('button') });
  await other.first().waitFor();
  assert.equal(await page.locator('[data-session]').filter({ hasText: '当前登录' }).count(), 1);
  assert.deepEqual(await axe(page), []);
  const before = await other.count();
  await other.first().locator('button').click();
  await page.waitForFunction((n) => document.querySelectorAll('[data-session] button').length === n - 1, before);

  await page.locator('[aria-controls=account-panel]').click();
  await page.locator('#account-panel a[href="/account/codes"]').click();
  const form = page.locator('[data-form=codes]');
  await form.locator('input').fill('wrong password');
  await form.locator('button.primary').click();
  await page.getByText('当前口令不对。').waitFor();
  await form.locator('input').fill(second);
  await form.locator('button.primary').click();
  await form.locator('svg[data-uri]').waitFor();
  assert.deepEqual(await axe(page), []);
  const secret = new URL(await form.locator('svg').getAttribute('data-uri')).searchParams.get('secret');
  assert.equal((await form.locator('.secret').innerText()).replaceAll(' ', ''), secret);
  await form.locator('input').fill(oneTimeCode(secret, Date.now()));
  await form.locator('button.primary').click();
  await form.locator('[data-recovery]').waitFor();
  const codes = await form.locator('[data-recovery] code').allInnerTexts();
  assert.equal(codes.length, 10);
  assert.deepEqual(await axe(page), []);
  await form.locator('button.primary').click();
  await page.getByText('动态验证码已启用。').waitFor();

  await page.locator('[aria-controls=account-panel]').click();
  await page.locator('#account-panel button').click();
  const again = await fill(page, 'admin', second);
  await again.locator('[autocomplete=one-time-code]').waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.matches('[autocomplete=one-time-code]')));
  assert.equal(await again.locator('.error').count(), 0);
  await page.keyboard.type(codes[0]);
  await page.keyboard.press('Enter');
  await page.locator('[data-phase=live]').waitFor();
  // Off again, for the tests that follow.
  await page.goto(`${env.mock.url}/account/codes`);
  await form.locator('input').fill(second);
  await form.getByText('停用').click();
  await page.getByText('动态验证码未启用。').waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
  admin = await logIn(env.mock.url, 'admin', second);
});

test('a session that ends leads to the login, and back without a reload', async () => {
  await person('li', '李工', [{ role: 'operator', area: '*' }]);
  const { page, faults, close } = await enter('/account/sessions', 'li');
  await page.locator('[data-phase=live]').waitFor();
  let loads = 0;
  page.on('load', () => loads++);
  await admin('/accounts/li/reset', { second_factor: false }).then(async ({ password }) => {
    // The sessions of the person are gone. The page learns of it by itself: its stream ends.
    await page.getByText('You are no longer logged in.').waitFor();
    const self = await logIn(env.mock.url, 'li', password);
    await self('/password', { old: password, new: third });
  });
  await fill(page, 'li', third);
  await page.locator('[data-session]').first().waitFor();
  await page.locator('[data-phase=live]').waitFor();
  assert.equal(new URL(page.url()).pathname, '/account/sessions');
  assert.equal(loads, 0);
  assert.deepEqual(grave(faults), []);
  await close();
});

test('who may see an area only hears of it live', async () => {
  await person('wang', '王芳', [{ role: 'viewer', area: '330105' }]);
  const { page, faults, close } = await enter('/', 'wang');
  await page.locator('[data-phase=live]').waitFor();
  await page.getByText('There is nothing that you may see.').waitFor();
  assert.equal(await page.locator('.banner').count(), 0);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(grave(faults), []);
  await close();
});

test('a browser is kept as a screen: it looks on after who set it up has gone, and is revoked from afar', async () => {
  await person('eng', '陈工', [{ role: 'engineer', area: '*' }]);
  const { page, faults, close } = await enter('/', 'eng', { size: [1920, 1080] });
  await page.goto(`${env.mock.url}/wall`);
  await page.mouse.move(40, 40);
  await page.locator('[data-do=keep]').click();
  const dialog = page.locator('dialog[open][data-dialog=screen]');
  await dialog.waitFor();
  assert.deepEqual(await axe(page), []);
  await dialog.locator('input').fill('Hall 1');
  await dialog.locator('button.primary').click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator('[data-page=wall]').waitFor();
  assert.equal(await page.locator('[data-do=keep]').count(), 0);
  const [kept] = (await page.context().cookies()).filter((c) => c.name === 'lamppost');
  assert.ok(kept.httpOnly && kept.expires > Date.now() / 1000 + 366 * 24 * 3600);
  await page.goto(`${env.mock.url}/`);
  await page.locator('[aria-controls=account-panel]').click();
  await page.getByText('This is a screen: it only looks.').waitFor();
  assert.equal(await page.locator('#account-panel a').count(), 0);

  const far = await enter('/account/tokens', 'eng');
  const line = far.page.locator('[data-token]', { hasText: 'Hall 1' });
  await line.getByText('(screen)').waitFor();
  await line.getByRole('button').click();
  await line.waitFor({ state: 'detached' });
  await far.close();
  await page.locator('[data-page=login]').waitFor({ timeout: 15_000 }); // its stream ends within ten seconds
  assert.deepEqual(grave(faults), []);
  await close();
});

test('too many attempts: the seconds are said, and count down', async () => {
  const { page, close } = await open(env, '/');
  const form = page.locator('[data-page=login]');
  for (let i = 0; i < 12 && (await form.getByText('Too many attempts; try again in').count()) === 0; i++) {
    await fill(page, 'nobody', `a wrong password ${i}`);
    await page.waitForFunction(() => /Log in|Wait/.test(document.querySelector('[data-page=login] button.primary').textContent));
  }
  await form.getByText(/Too many attempts; try again in \d+ s/).waitFor();
  const button = form.locator('button.primary');
  const left = async () => Number(/Wait (\d[\d,]*) s/.exec(await button.innerText())?.[1].replace(',', ''));
  const first = await left();
  assert.ok(first > 0);
  await page.waitForFunction((n) => Number(/Wait (\d+) s/.exec(document.querySelector('[data-page=login] button.primary').textContent)?.[1]) < n, first);
  await close();
});
