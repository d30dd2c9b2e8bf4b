// Cases: an alert becomes one, two people at the center and two departments work on it,
// each sees what the others do; a real aggregator with accounts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jpeg, startCenter } from './center.mjs';
import { axe, overflow } from './harness.mjs';

const everywhere = (role) => [{ role, area: '*' }];
const grave = (faults) => faults.filter((f) => !/Failed to load resource/.test(f));
const street = '990101002';
let center;
let river;
let id; // of the case that the story is about

before(async () => {
  center = await startCenter();
  const { admin, hire } = center;
  await hire('li', '李工', everywhere('operator'));
  await hire('wang', '王芳', everywhere('operator'));
  await hire('zhao', '赵强', everywhere('dispatcher'));
  await hire('chen', '陈水', everywhere('viewer'));
  await hire('sun', '孙管', everywhere('viewer'));
  await hire('qian', '钱街', [{ role: 'operator', area: street }]);
  await admin.call('PUT', '/departments/water', { name: { zh: '水务局', en: 'Water bureau' }, area: '990101', members: ['chen'] });
  await admin.call('PUT', '/departments/streets', { name: { zh: '市政所', en: 'Street works' }, area: '990101', members: ['sun'] });
  river = await center.gateway('river-01', '990101002002');
});
after(async () => {
  river?.close();
  await center?.stop();
});

/** Presses an action, fills in the form, and sends it. */
async function act(page, action, fill = async () => {}) {
  await page.locator(`[data-do=${action}]`).first().click();
  const form = page.locator('[data-dialog=case]');
  await form.locator(`[data-action=${action}]`).waitFor();
  await fill(form);
  await form.locator('button.primary').click();
  await form.waitFor({ state: 'detached' });
}

const state = (page, s) => page.locator(`header[data-state=${s}]`).waitFor();

test('an alert opens a case, and the list says it without a reload', async () => {
  const { page, faults, close } = await center.enter('/cases', 'li');
  await page.getByText('No open cases.').waitFor();
  await page.locator('[data-phase=live]').waitFor();
  const before = river.uuid(Date.now() - 1000);
  const at = river.uuid(Date.now());
  const a = await river.alert({ image: at, pictures: [{ image: before, moment: 'before', since_ms: -5000 }, { image: at, moment: 'at' }] });
  const row = page.locator('[data-case]').first();
  await row.waitFor();
  assert.equal(await row.getAttribute('data-severity'), 'orange');
  await row.getByText('Heron Islet').waitFor();
  await row.locator('[data-due=acknowledge]').getByText(/left/).waitFor();
  assert.match(await page.locator('[data-count=orange]').innerText(), /1$/);
  assert.match(await page.locator('[data-count=unseen]').innerText(), /1$/);
  id = await row.getAttribute('data-case');
  await river.picture(before, a.id, 'before', await jpeg(center.env, 0.3));
  await river.picture(at, a.id, 'at', await jpeg(center.env, 0.7));
  assert.deepEqual(grave(faults), []);
  await close();
});

test('the story of a case: two at the center, two departments, each step seen by the others', async () => {
  const li = await center.enter(`/cases/${id}`, 'li');
  const wang = await center.enter(`/cases/${id}`, 'wang', { locale: 'zh-CN' });
  await Promise.all([state(li.page, 'raised'), state(wang.page, 'raised')]);
  // What is offered is what the aggregator allows, and nothing else.
  const offered = await li.page.locator('[data-do]').evaluateAll((l) => l.map((b) => b.dataset.do).sort());
  const { allowed } = await li.page.evaluate((p) => fetch(p).then((r) => r.json()), `/api/v1/cases/${id}`);
  assert.deepEqual(offered, allowed.map((a) => a.action).sort());
  // The alert, its value and its stills.
  await li.page.locator('[data-alert]').getByText('3.12 m', { exact: true }).first().waitFor();
  await li.page.waitForFunction(() => [...document.querySelectorAll('[data-alert] img')].some((i) => i.naturalWidth === 320));

  // By keyboard: the button, and the dialog's own button.
  await li.page.locator('[data-do=acknowledge]').focus();
  await li.page.keyboard.press('Enter');
  await li.page.locator('dialog[open] button.primary:focus').waitFor();
  await li.page.keyboard.press('Enter');
  await Promise.all([state(li.page, 'acknowledged'), state(wang.page, 'acknowledged')]);
  await wang.page.locator('[data-entry=acknowledge]').getByText('li', { exact: true }).waitFor();

  // A form without what is needed: the aggregator's own words, and what was filled in stays.
  await wang.page.locator('[data-do=dispatch]').click();
  const form = wang.page.locator('[data-dialog=case]');
  await form.locator('select').first().selectOption('water');
  await form.locator('button.primary').click();
  await form.getByText('请写明部门或人员以及要求').waitFor();
  assert.equal(await form.locator('select').first().inputValue(), 'water');
  await form.locator('textarea').first().fill('到鹭洲闸口查看水位');
  await form.getByText('增加一个部门').click();
  await form.locator('select').nth(1).selectOption('streets');
  await form.locator('textarea').nth(1).fill('封闭下穿通道');
  await form.locator('button.primary').click();
  await Promise.all([state(li.page, 'dispatched'), state(wang.page, 'dispatched')]);
  await li.page.locator('[data-task] strong').getByText('Water bureau', { exact: true }).waitFor();
  await li.page.locator('[data-task] strong').getByText('Street works', { exact: true }).waitFor();

  // The departments see their tasks and nothing else to do.
  const chen = await center.enter('/cases', 'chen');
  await chen.page.locator(`[data-case="${id}"] h3 a`).click();
  await state(chen.page, 'dispatched');
  assert.equal(await chen.page.locator('[data-do=verify], [data-do=dispatch]').count(), 0);
  await act(chen.page, 'sign');
  await li.page.locator('[data-task]').getByText(/signed for by chen/).waitFor();
  await act(chen.page, 'report', async (f) => {
    await f.locator('select').selectOption('done');
    await f.locator('textarea').first().fill('闸门已开，水位回落');
    await f.locator('input[type=checkbox]').first().check();
  });
  await li.page.locator('[data-task-state=answered]').getByText('闸门已开').waitFor();
  const sun = await center.enter(`/cases/${id}`, 'sun', { locale: 'zh-CN' });
  await act(sun.page, 'report', async (f) => {
    await f.locator('select').selectOption('done');
    await f.locator('textarea').first().fill('通道已封闭');
  });
  await Promise.all([state(li.page, 'handled'), state(wang.page, 'handled')]);
  assert.equal(await li.page.locator('[data-task]').count(), 2);

  // While the condition is active a reason is needed; the refusal says it.
  await li.page.locator('[data-do=verify]').click();
  const verify = li.page.locator('[data-dialog=case]');
  await verify.locator('button.primary').click();
  await verify.locator('[role=alert]').waitFor();
  assert.ok((await verify.locator('[role=alert]').innerText()).length > 10);
  await verify.locator('textarea').fill('seen on the picture');
  await verify.locator('button.primary').click();
  await Promise.all([state(li.page, 'verified'), state(wang.page, 'verified')]);
  await act(wang.page, 'close', async (f) => {
    await f.locator('select').selectOption('fixed');
    await f.locator('textarea').first().fill('闸门开启，水位正常');
  });
  await Promise.all([state(li.page, 'closed'), state(wang.page, 'closed')]);
  await li.page.locator('[data-outcome=fixed]').getByText('闸门开启').waitFor();
  for (const p of [li, wang, chen, sun]) {
    assert.deepEqual(grave(p.faults), []);
    await p.close();
  }
});

test('a case on paper: its facts, with date and address, without what only a screen can do', async () => {
  const { page, close } = await center.enter(`/cases/${id}`, 'li', { locale: 'zh-CN', colorScheme: 'dark' });
  await page.locator('[data-chart][data-loaded=true]').waitFor();
  await page.getByText('该时段没有读数').waitFor();
  assert.equal(await page.locator('.paper').count(), 0);
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  const said = await page.locator('body').innerText();
  assert.match(said, /\d{4}年\d+月\d+日 \d\d:\d\d:\d\d UTC\+08:00，出自 http:\/\/.*\/cases\//);
  for (const want of [/河道水位 3\.12 米/, /Ⅱ级\(橙\)/, /处理记录/, /水务局/, /告警限值/]) assert.match(said, want);
  // A still is a button on the screen and a picture on paper.
  const only = page.locator('button:not(:has(img)):visible, nav:visible, dialog:visible');
  assert.deepEqual(await only.evaluateAll((l) => l.map((e) => e.outerHTML.slice(0, 120))), []);
  // Black on white, whatever the screen was like.
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('h1')).color), 'rgb(20, 32, 42)');
  assert.equal(await page.locator('details:not([open]):not([data-table])').count(), 0);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await page.locator('.paper').count(), 0);
  assert.ok((await page.pdf({ format: 'A4' })).length > 10_000);
  await close();
});

test('who acts on what has changed meanwhile is told, sees it, and may go on', async () => {
  const api = await center.hire('zhou', '周洋', everywhere('operator'));
  const made = await api.call('POST', '/cases', { kind: 'flooding', area: '990101001001', severity: 'yellow', text: '积水' });
  const { page, faults, close } = await center.enter(`/cases/${made.id}`, 'li');
  await state(page, 'raised');
  await page.locator('[data-do=note]').click();
  const form = page.locator('[data-dialog=case]');
  await form.locator('textarea').fill('a note');
  // Another is quicker: the page's version is an old one when it sends, whatever it has seen by then.
  await page.route(
    '**/actions/note',
    async (r) => {
      await api.call('POST', `/cases/${made.id}/actions/acknowledge`, {}, { 'If-Match': '*' });
      await r.continue();
    },
    { times: 1 },
  );
  await form.locator('button.primary').click();
  await form.locator('[role=alert]').waitFor();
  await state(page, 'acknowledged');
  assert.equal(await form.locator('textarea').inputValue(), 'a note');
  await form.locator('button.primary').click();
  await form.waitFor({ state: 'detached' });
  await page.locator('[data-entry=note]').getByText('a note').waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
});

test('a citizen is heard: a person raises a case with a report', async () => {
  const { page, faults, close } = await center.enter('/cases', 'zhao');
  await page.locator('[data-page=cases] header button').click();
  const form = page.locator('[data-dialog=raise]');
  await form.locator('input').first().fill('flooding');
  await form.locator('button.primary').click();
  await form.locator('[role=alert]').waitFor(); // no area
  await form.locator('select').first().selectOption('990101003001');
  await form.locator('select').nth(1).selectOption('red');
  await form.locator('textarea').first().fill('Water in the underpass');
  await form.locator('summary').click();
  await form.locator('details input').fill('12345-0001');
  await form.locator('details textarea').fill('车库进水');
  await form.locator('button.primary').click();
  await state(page, 'raised');
  await page.locator('#case-reports').waitFor();
  await page.locator('section', { has: page.locator('#case-reports') }).getByText('车库进水').waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
});

test('the list: gravest first, filters that stay in the address, up and down by keyboard', async () => {
  const { page, close } = await center.enter('/cases', 'li');
  await page.locator('[data-case]').nth(1).waitFor();
  const order = await page.locator('[data-case]').evaluateAll((l) => l.map((e) => e.dataset.severity));
  assert.deepEqual(order, [...order].sort((a, b) => 'red orange yellow blue'.indexOf(a) - 'red orange yellow blue'.indexOf(b)));
  assert.ok(order.length >= 2);
  await page.locator('[data-case] h3 a').first().focus();
  await page.keyboard.press('j');
  assert.equal(await page.evaluate(() => document.activeElement.closest('[data-case]')?.dataset.severity), order[1]);
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.evaluate(() => document.activeElement.closest('[data-case]')?.dataset.severity), order[0]);
  await page.locator('[data-count=red]').click();
  await page.waitForFunction(() => document.querySelectorAll('[data-case]').length === 1);
  assert.match(page.url(), /level=red/);
  await page.reload();
  await page.locator('[data-case]').waitFor();
  assert.equal(await page.locator('[data-case]').count(), 1);
  await page.locator('[data-count=red]').click();
  await page.locator('[data-page=cases] select').nth(1).selectOption('990101001');
  await page.waitForFunction(() => [...document.querySelectorAll('[data-case]')].map((e) => e.dataset.severity).join() === 'yellow');
  await page.locator('[data-page=cases] select').nth(1).selectOption('');
  await page.locator('[data-page=cases] select').first().selectOption('closed');
  await page.locator('[data-case][data-state=closed]').waitFor();
  assert.equal(await page.locator('[data-case]').first().getAttribute('data-case'), id);
  await close();
});

test('who has an area sees its cases only, and news as they come', async () => {
  const { page, faults, close } = await center.enter('/cases', 'qian');
  await page.locator('[data-phase=live]').waitFor();
  await page.getByText('No open cases.').waitFor();
  await river.alert({ rule: 'rain-heavy', device: 'rain', channel: 'intensity', severity: 'yellow', text: { zh: '短时强降雨', en: 'heavy rain' } });
  await page.locator('[data-case]').waitFor();
  assert.equal(await page.locator('[data-case]').count(), 1);
  assert.deepEqual(grave(faults), []);
  await close();
});

const looks = [
  { locale: 'zh-CN', colorScheme: 'light' },
  { locale: 'en-GB', colorScheme: 'dark' },
  { locale: 'zh-CN', colorScheme: 'dark', storage: { size: 'large' } },
];
for (const look of looks) {
  test(`axe and width: ${look.locale}, ${look.colorScheme}${look.storage ? ', large' : ''}`, async () => {
    const { page, close } = await center.enter('/cases', 'zhao', look);
    await page.locator('[data-case]').first().waitFor();
    assert.deepEqual(await axe(page), []);
    for (const path of ['/cases', `/cases/${id}`]) {
      await page.goto(center.url + path);
      await page.locator('[data-case], header[data-state]').first().waitFor();
      for (const d of await page.locator('details > summary').all()) await d.click();
      assert.deepEqual(await axe(page), [], path);
      // 1280 pixels at 200 % and at 400 %.
      for (const width of [640, 320]) {
        await page.setViewportSize({ width, height: 640 });
        assert.ok((await overflow(page)) <= 0, `${path} is ${await overflow(page)} px too wide at ${width}`);
      }
      assert.deepEqual(await axe(page), [], `${path} at 320`);
      await page.setViewportSize({ width: 1280, height: 900 });
    }
    await page.goto(`${center.url}/cases`);
    await page.locator('[data-case] h3 a').first().click();
    for (const action of ['note', 'shelve', 'attach_report', 'dismiss', 'raise_severity', 'take_over']) {
      const button = page.locator(`[data-do=${action}]`);
      if ((await button.count()) === 0) continue;
      await button.first().click();
      await page.locator('[data-dialog=case]').waitFor();
      assert.deepEqual(await axe(page), [], action);
      await page.keyboard.press('Escape');
      await page.locator('[data-dialog=case]').waitFor({ state: 'detached' });
    }
    await close();
  });
}
