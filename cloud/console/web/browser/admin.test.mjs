// What those set up who run the center: accounts, tokens, areas, departments, rosters,
// routes, the audit log; and how people are told. A real aggregator, and a real receiver.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { logIn } from './aggregator.mjs';
import { startCenter } from './center.mjs';
import { axe, overflow } from './harness.mjs';

const grave = (faults) => faults.filter((f) => !/Failed to load resource/.test(f));
let center;
let hook; // takes what is told
let folder;
const told = [];

before(async () => {
  hook = createServer(async (q, a) => {
    let body = '';
    for await (const piece of q) body += piece;
    told.push({ path: q.url, body: JSON.parse(body) });
    a.writeHead(q.url === '/broken' ? 400 : 204).end();
  }).listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const at = `http://127.0.0.1:${hook.address().port}`;
  center = await startCenter({
    more: {
      notify: {
        console: 'http://127.0.0.1',
        allow: ['127.0.0.1'],
        channels: { city: { webhook: { url: `${at}/city` } }, broken: { webhook: { url: `${at}/broken` } } },
        rules: { all: { channels: ['city', 'broken'] } },
      },
    },
  });
  folder = await mkdtemp(join(tmpdir(), 'lamppost-admin-'));
});
after(async () => {
  await center?.stop();
  hook?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test('accounts: made, changed, reset, locked; secrets are shown once', async () => {
  const { page, faults, close } = await center.enter('/', 'admin');
  await page.locator('[aria-controls=account-panel]').click();
  await page.locator('#account-panel a[href="/admin/accounts"]').click();
  await page.locator('[data-account=admin]').waitFor();
  assert.equal(await page.locator('[data-account=admin] button').count(), 0, 'nobody changes their own');
  await page.getByRole('button', { name: 'Make an account' }).click();
  const form = page.locator('[data-dialog=account]');
  await form.locator('input').first().fill('LI');
  await form.locator('input').nth(1).fill('李工');
  await form.locator('button.primary').click();
  await form.locator('[role=alert]').waitFor();
  await form.locator('input').first().fill('li');
  await form.locator('.grant select').first().selectOption('operator');
  await form.locator('.grant select').nth(1).selectOption('990101002');
  assert.deepEqual(await axe(page), []);
  await form.locator('button.primary').click();
  await form.waitFor({ state: 'detached' });
  const first = await page.locator('[data-secret] code').innerText();
  await logIn(center.url, 'li', first);
  await page.locator('[data-account=li]').getByText('operator (Willow Bank Street)').waitFor();
  assert.deepEqual(await axe(page), []);
  await page.locator('[data-secret] button.primary').click();
  assert.equal(await page.locator('[data-secret]').count(), 0);

  const li = page.locator('[data-account=li]');
  await li.getByRole('button', { name: 'Sessions and tokens li' }).click();
  await li.getByRole('button', { name: /End the session/ }).first().waitFor();
  await li.getByRole('button', { name: 'New password li' }).click();
  await page.locator('[data-dialog=reset] button.primary').click();
  const second = await page.locator('[data-secret] code').innerText();
  assert.notEqual(second, first);
  await logIn(center.url, 'li', second);
  await li.getByRole('button', { name: 'Lock li' }).click();
  await page.locator('[data-account=li][data-active=false]').waitFor();
  await assert.rejects(logIn(center.url, 'li', second), /E72/);
  await li.getByRole('button', { name: 'Unlock li' }).click();
  await page.locator('[data-account=li][data-active=true]').waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
});

test('tokens: made, told once, revoked', async () => {
  await center.hire('int', '接口', [{ role: 'integrator', area: '*' }]);
  const { page, faults, close } = await center.enter('/account/tokens', 'int');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const form = page.locator('[data-dialog=token]');
  await form.locator('input').first().fill('dashboard');
  assert.deepEqual(await axe(page), []);
  await form.locator('button.primary').click();
  await form.waitFor({ state: 'detached' });
  const value = await page.locator('[data-secret] code').innerText();
  const ask = () => fetch(`${center.url}/api/v1/alerts`, { headers: { Authorization: `Bearer ${value}` } });
  assert.equal((await ask()).status, 200);
  await page.reload();
  await page.locator('[data-token]').waitFor();
  assert.ok(!(await page.content()).includes(value));
  await page.locator('[data-token] button').click();
  await page.getByText('No valid tokens.').waitFor();
  assert.equal((await ask()).status, 401);
  assert.deepEqual(grave(faults), []);
  await close();
});

test('areas: what is wrong with each line, what would change, and the change', async () => {
  const { page, faults, close } = await center.enter('/admin/areas', 'admin');
  await page.locator('[data-area]').first().waitFor();
  const wrong = join(folder, 'wrong.csv');
  await writeFile(wrong, 'code,name\n990101001,桥头街道\n99010100x,街道\n99010100y,街道\n');
  await page.locator('input[type=file]').setInputFiles(wrong);
  await page.getByRole('button', { name: 'Look what would change' }).click();
  await page.locator('[data-fault="3"]').getByText('an area code has digits only').waitFor();
  assert.equal(await page.locator('[data-fault="4"]').count(), 1);
  assert.deepEqual(await axe(page), []);
  const right = join(folder, 'right.csv');
  await writeFile(right, 'code,name,name_en\n990101001004,新港社区,New Port\n');
  await page.locator('input[type=file]').setInputFiles(right);
  assert.equal(await page.locator('[data-fault]').count(), 0);
  await page.getByRole('button', { name: 'Look what would change' }).click();
  await page.locator('[data-import=dry]').waitFor();
  await page.getByRole('button', { name: 'Change it so' }).click();
  await page.locator('[data-import=done]').waitFor();
  await page.getByRole('button', { name: 'What lies in Lamppost District (invented)' }).click();
  await page.getByRole('button', { name: 'What lies in Bridgehead Street' }).click();
  await page.locator('[data-area="990101001004"]').getByText('New Port').waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
});

test('departments, routes and rosters: made, seen, removed; who is on duty', async () => {
  const { page, faults, close } = await center.enter('/admin/departments', 'admin');
  await page.getByRole('button', { name: 'Make a department' }).click();
  let form = page.locator('[data-dialog=department]');
  await form.locator('input').nth(0).fill('water');
  await form.locator('input').nth(1).fill('水务局');
  await form.locator('input').nth(2).fill('Water bureau');
  await form.locator('textarea').fill('li, admin');
  assert.deepEqual(await axe(page), []);
  await form.locator('button.primary').click();
  await page.locator('[data-department=water]').getByText(/^Members: .*\bli\b/).waitFor();

  await page.locator('nav a[href="/admin/routes"]').click();
  await page.getByRole('button', { name: 'Another route' }).click();
  const route = page.locator('[data-route="0"]');
  await route.locator('input').fill('06');
  await route.locator('select').nth(1).selectOption('water');
  assert.deepEqual(await axe(page), []);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('form [role=status]').waitFor();
  assert.equal((await center.admin.call('GET', '/routes')).routes[0].department, 'water');

  await page.locator('nav a[href="/admin/departments"]').click();
  await page.getByRole('button', { name: 'Remove water' }).click();
  form = page.locator('[data-dialog=drop]');
  await form.locator('button.primary').click();
  await form.locator('[role=alert]').waitFor(); // a route names it
  await page.keyboard.press('Escape');

  await page.locator('nav a[href="/admin/rosters"]').click();
  await page.getByRole('button', { name: 'Make a roster' }).click();
  form = page.locator('[data-dialog=roster]');
  await form.locator('input').nth(0).fill('night');
  await form.locator('input').nth(1).fill('夜班');
  await form.locator('input').nth(2).fill('Night');
  await form.locator('select').first().selectOption('water');
  await form.getByRole('button', { name: 'Another shift' }).click();
  const shift = form.locator('.shift');
  await shift.locator('input').first().fill('li');
  for (const day of ['Sat', 'Sun']) await shift.getByLabel(day).check();
  await shift.locator('input[data-time]').first().fill('00:00');
  await shift.locator('input[data-time]').nth(1).fill('00:00');
  assert.deepEqual(await axe(page), []);
  await form.locator('button.primary').click();
  await page.locator('[data-roster=night] [data-duty]').getByText('On duty: li').waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
});

test('the audit log: filtered, each change with its old and new, and the chain checked', async () => {
  const { page, faults, close } = await center.enter('/admin/audit', 'admin');
  await page.locator('[data-line]').first().waitFor();
  await page.locator('form.filter input').nth(1).fill('account.make');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.waitForFunction(() => [...document.querySelectorAll('[data-line] code')].every((c) => !/session/.test(c.textContent)) && document.querySelectorAll('[data-line]').length > 0);
  const deeds = await page.locator('[data-line] .what > code').allInnerTexts();
  assert.deepEqual([...new Set(deeds)], ['account.make']);
  assert.match(page.url(), /what=account\.make/);
  await page.locator('[data-line] summary').first().click();
  assert.deepEqual(await axe(page), []);
  await page.getByRole('button', { name: 'Check now' }).click();
  await page.locator('[data-chain=whole]').waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
});

test('duty: each channel with what it told last, a test, and the log with its attempts', async () => {
  const { page, faults, close } = await center.enter('/duty', 'admin');
  await page.locator('[data-roster=night]').getByText('On duty: li').waitFor();
  const city = page.locator('[data-channel=city]');
  await city.getByText('Nothing was told by it yet.').waitFor();
  await city.getByRole('button').click();
  await city.locator('[data-tested=sent]').waitFor();
  assert.equal(told.filter((x) => x.path === '/city').length, 1);
  await city.getByText(/Last:/).waitFor();
  await page.locator('[data-channel=broken]').getByRole('button').click();
  await page.locator('[data-channel=broken] [data-tested]:not([data-tested=sent])').waitFor();
  await page.locator('[data-delivery=sent]').first().waitFor();
  await page.locator('[data-delivery] button[aria-expanded]').first().click();
  await page.locator('.tries li').first().waitFor();
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(grave(faults), []);
  await close();
});

test('who may not is not offered it, and told so', async () => {
  await center.hire('op', '值班', [{ role: 'operator', area: '*' }]);
  const { page, close } = await center.enter('/admin/accounts', 'op');
  await page.getByText('This is not for you').waitFor();
  assert.equal(await page.locator('[data-account]').count(), 0);
  await page.locator('[aria-controls=account-panel]').click();
  assert.equal(await page.locator('#account-panel a[href^="/admin"], #account-panel a[href="/account/tokens"]').count(), 0);
  await page.locator('nav a[href="/duty"]').click();
  await page.locator('[data-roster=night]').waitFor();
  assert.equal(await page.locator('[data-channel]').count(), 0);
  await close();
});

const paths = ['/admin/accounts', '/admin/areas', '/admin/departments', '/admin/rosters', '/admin/routes', '/admin/audit', '/duty', '/account/tokens'];
for (const look of [{ locale: 'zh-CN', colorScheme: 'dark' }, { locale: 'en-GB', colorScheme: 'light', storage: { size: 'large' } }]) {
  test(`axe and width: ${look.locale}, ${look.colorScheme}`, async () => {
    const { page, close } = await center.enter('/duty', 'admin', look);
    for (const path of paths) {
      await page.goto(center.url + path);
      await page.locator('main [data-page] h1').waitFor();
      await page.locator('[data-account], [data-area], [data-department], [data-roster], [data-route], [data-line], [data-channel], [data-part=tokens]').first().waitFor();
      assert.deepEqual(await axe(page), [], path);
      for (const width of [640, 320]) {
        await page.setViewportSize({ width, height: 640 });
        assert.ok((await overflow(page)) <= 0, `${path} is ${await overflow(page)} px too wide at ${width}`);
      }
      assert.deepEqual(await axe(page), [], `${path} at 320`);
      await page.setViewportSize({ width: 1280, height: 900 });
    }
    await close();
  });
}
