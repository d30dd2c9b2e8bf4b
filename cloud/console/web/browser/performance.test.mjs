// Performance: what was done to cases, and the alerts that came, as figures; a real aggregator.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCenter } from './center.mjs';
import { axe, overflow } from './harness.mjs';

const everywhere = (role) => [{ role, area: '*' }];
const grave = (faults) => faults.filter((f) => !/Failed to load resource/.test(f));
let center;
let river;
let late; // the case that is overdue

before(async () => {
  center = await startCenter();
  const { admin, hire } = center;
  const li = await hire('li', '李工', everywhere('dispatcher'));
  const wang = await hire('wang', '王芳', everywhere('dispatcher'));
  const chen = await hire('chen', '陈水', everywhere('viewer'));
  await hire('qian', '钱街', [{ role: 'operator', area: '990101001' }]);
  await admin.call('PUT', '/departments/water', { name: { zh: '水务局', en: 'Water bureau' }, area: '990101', members: ['chen'] });
  const act = (who, id, action, body = {}) => who.call('POST', `/cases/${id}/actions/${action}`, body, { 'If-Match': '*' });
  const raise = async (severity, area, text) => (await li.call('POST', '/cases', { kind: '06010', area, severity, text })).id;
  for (let i = 0; i < 6; i++) {
    const id = await raise(i ? 'blue' : 'red', '990101002002', `积水 ${i}`);
    await act(wang, id, 'acknowledge');
    await act(li, id, 'dispatch', { orders: [{ department: 'water', instruction: '请抽排' }] });
    await act(chen, id, 'sign', { task: 1 });
    await act(chen, id, 'report', { task: 1, done: '已抽排', result: 'done' });
    await act(wang, id, 'verify', { why: '现场已看' });
    if (i < 5) await act(wang, id, 'close', { resolution: 'fixed', answer: '积水已排除' });
  }
  late = await raise('orange', '990101001001', '井盖缺失');
  await act(wang, late, 'acknowledge');
  await act(li, late, 'dispatch', { orders: [{ department: 'water', instruction: '请复位', due: Date.now() + 1500 }] });
  river = await center.gateway('river-01', '990101002002');
  for (let i = 0; i < 13; i++) {
    const id = river.uuid(Date.now() + i);
    await river.alert({ id, severity: i ? 'yellow' : 'red', device: i % 2 ? 'river' : 'pump', rule: i % 2 ? 'river-high' : 'pump-stopped' });
    await river.alert({ id, rev: 2, severity: i ? 'yellow' : 'red', device: i % 2 ? 'river' : 'pump', rule: i % 2 ? 'river-high' : 'pump-stopped', condition: 'cleared' });
  }
  await new Promise((done) => setTimeout(done, 1600)); // until the deadline has passed
});
after(async () => {
  river?.close();
  await center?.stop();
});

const shown = (page) => page.locator('[data-figure=answer]').waitFor();
const figure = (page, name) => page.locator(`[data-figure=${name}]`);

test('figures are those of what was done, with words for how they stand', async () => {
  const { page, faults, close } = await center.enter('/performance', 'li');
  await shown(page);
  assert.equal(await page.locator('h1').innerText(), 'Performance');
  assert.match(await figure(page, 'answer').innerText(), /100\s%\s*5 of 5[\s\S]*Good/);
  assert.match(await figure(page, 'overdue').innerText(), /1[\s\S]*Watch/);
  assert.match(await figure(page, 'rate').innerText(), /Good|Watch|Bad/);
  assert.match(await page.locator('[data-steps] [data-step=handle]').innerText(), /^Handle\s+6/);
  assert.match(await page.locator('[data-steps] [data-step=close]').innerText(), /5/);
  assert.match(await page.locator('[data-groups=departments] [data-key=water]').innerText(), /Water bureau\s+7/);
  const { total, areas } = await page.evaluate(() => fetch('/api/v1/performance').then((r) => r.json()));
  assert.equal(areas.reduce((n, a) => n + a.raised, 0), total.raised);
  // The alerts: thirteen within seconds are a flood, of two points that chatter.
  const load = await page.locator('[data-load]').innerText();
  assert.match(load, /Alerts\s+13/);
  assert.match(load, /Most in 10 minutes\s+13, from/);
  assert.match(load, /Floods\s+1, the longest/);
  assert.match(await page.locator('[data-sources=chatterers]').innerText(), /pump-stopped/);
  await page.locator('[data-table=flood] summary').click();
  assert.match(await page.locator('[data-table=flood] table').innerText(), /13\s+13/);
  // To the case that is late, and to the list of all that are.
  assert.equal(await page.locator('[data-oldest] [data-case]').getAttribute('data-case'), late);
  await figure(page, 'overdue').getByRole('link').click();
  await page.locator(`[data-page=cases] [data-case="${late}"]`).waitFor();
  assert.equal(await page.locator('[data-page=cases] [data-case]').count(), 1);
  await page.goBack();
  await shown(page);
  assert.deepEqual(grave(faults), []);
  await close();
});

test('days, area and department are chosen, stay in the address, and go into the table', async () => {
  const { page, faults, close } = await center.enter('/performance', 'li', { locale: 'zh-CN' });
  const chosen = (name) => page.locator('.filter label', { has: page.getByText(name, { exact: true }) }).locator('select');
  await shown(page);
  await chosen('区域').selectOption('990101001');
  await page.waitForFunction(() => document.querySelectorAll('[data-groups=areas] [data-key]').length === 1);
  assert.match(await page.locator('[data-groups=areas]').innerText(), /社区|居/);
  await chosen('区域').selectOption('');
  await chosen('部门').selectOption('water');
  await page.getByText('告警不属于某个部门').waitFor();
  assert.equal(await figure(page, 'flood').count(), 0);
  await chosen('部门').selectOption('');
  await chosen('时间').selectOption('before');
  await page.getByText('这段时间没有告警。').waitFor(); // a case is late whenever it was raised
  assert.match(new URL(page.url()).search, /span=before/);
  await chosen('时间').selectOption('own');
  await page.getByLabel('起始日期').fill('2020-01-01');
  await page.locator('[data-page=performance] [role=alert]').getByText('400').waitFor();
  await chosen('时间').selectOption('today');
  await page.waitForFunction(() => !document.querySelector('[data-page=performance] [role=alert]'));
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '导出表格' }).click()]);
  assert.match(file.suggestedFilename(), /^performance-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/);
  // An area goes down to those in it.
  await page.locator('[data-groups=areas] a').first().click();
  await page.waitForFunction(() => /area=9901/.test(location.search));
  assert.deepEqual(grave(faults), []);
  await close();
});

test('who has a role in one street sees the figures of that street', async () => {
  const { page, close } = await center.enter('/performance', 'qian');
  await shown(page);
  assert.match(await figure(page, 'overdue').innerText(), /1/);
  const { total, alerts } = await page.evaluate(() => fetch('/api/v1/performance').then((r) => r.json()));
  assert.deepEqual([total.raised, alerts.alerts], [1, 0]);
  await close();
});

test('the page is for everybody: both languages, night, large, narrow, and on paper', async () => {
  const shots = process.env.LAMPPOST_SHOTS;
  for (const [name, look, storage] of [
    ['en-light', { locale: 'en-GB', size: [1440, 900] }, {}],
    ['zh-light', { locale: 'zh-CN', size: [1440, 900] }, {}],
    ['zh-dark', { locale: 'zh-CN', size: [1440, 900] }, { theme: 'dark' }],
    ['en-large', { locale: 'en-GB', size: [1280, 900] }, { size: 'large' }],
    ['zh-phone', { locale: 'zh-CN', size: [390, 844] }, {}],
    ['en-narrow', { locale: 'en-GB', size: [320, 640] }, {}],
  ]) {
    const { page, faults, close } = await center.enter('/performance', 'li', { ...look, storage });
    await shown(page);
    await page.locator('[data-strip]').waitFor();
    if (shots) await page.screenshot({ path: `${shots}/performance-${name}.png`, fullPage: true });
    assert.equal(await overflow(page), 0, name);
    assert.deepEqual(await axe(page), [], name);
    if (name === 'zh-light') {
      const pdf = await page.pdf({ format: 'A4' });
      assert.ok(pdf.length > 20_000 && pdf.subarray(0, 5).toString() === '%PDF-');
      if (shots) await page.pdf({ format: 'A4', path: `${shots}/performance.pdf` });
    }
    assert.deepEqual(grave(faults), [], name);
    await close();
  }
});
