// A shift and its handover: what is shelved, open, silent; written by one, taken over by
// another, kept, printed; a real aggregator with accounts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCenter } from './center.mjs';
import { axe, overflow } from './harness.mjs';

const everywhere = (role) => [{ role, area: '*' }];
const grave = (faults) => faults.filter((f) => !/Failed to load resource/.test(f));
const community = '990101002002';
let center;
let li;
let wang;
let river;
let shelved;

before(async () => {
  center = await startCenter();
  const { admin, hire } = center;
  li = await hire('li', '李工', everywhere('operator'));
  wang = await hire('wang', '王芳', everywhere('operator'));
  await hire('chen', '陈水', everywhere('viewer'));
  await hire('qian', '钱街', [{ role: 'operator', area: '990101001' }]);
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  const shifts = [{ person: 'li', days, from: '00:00', to: '12:00' }, { person: 'wang', days, from: '12:00', to: '00:00' }];
  await admin.call('PUT', '/rosters/lead', { name: { zh: '带班', en: 'Lead officer' }, area: '9901', role: 'lead', zone: 'Asia/Shanghai', shifts });
  const raise = async (severity, text) => (await li.call('POST', '/cases', { kind: 'flooding', area: community, severity, text })).id;
  const act = (id, action, body) => li.call('POST', `/cases/${id}/actions/${action}`, body, { 'If-Match': '*' });
  shelved = await raise('yellow', '泵站检修，水位读数偏高');
  await act(shelved, 'shelve', { until: Date.now() + 3_600_000, why: '泵站检修' });
  const open = await raise('orange', '地下通道积水');
  await act(open, 'acknowledge', {});
  await act(open, 'note', { why: '排水队已出发' });
  river = await center.gateway('river-01', community);
  const device = { driver: 'modbus', every_ms: 1000, channels: [], state: 'ok' };
  await river.state({ devices: [{ ...device, id: 'pump', upkeep: { until_ms: Date.now() + 3_600_000, by: '赵工' } }, { ...device, id: 'gauge', state: 'silent' }, { ...device, id: 'level' }] });
});
after(async () => {
  river?.close();
  await center?.stop();
});

test('the page of the shift says what is shelved, open and silent, and ends a shelving', async () => {
  const { page, faults, close } = await center.enter('/duty', 'li');
  const row = page.locator('[data-part=shelved] tr[data-case]');
  await row.waitFor();
  assert.match(await row.innerText(), /li[\s\S]*泵站检修/);
  assert.match(await page.locator('[data-part=open] tr[data-case]').innerText(), /地下通道积水[\s\S]*Acknowledged[\s\S]*排水队已出发/);
  assert.match(await page.locator('[data-part=sites] [data-site=maintenance]').innerText(), /river-01 \/ pump[\s\S]*Under maintenance[\s\S]*until[\s\S]*赵工/);
  assert.equal(await page.locator('[data-part=sites] [data-site]').count(), 2);
  assert.match(await page.locator('[data-part=changes] [data-count=raised]').innerText(), /2 raised/);
  assert.match(await page.locator('[data-roster=lead]').innerText(), /On duty: (li|wang)/);
  await row.locator('[data-do=unshelve]').click();
  await page.getByText('Nothing is shelved.').waitFor();
  assert.equal(await page.locator('[data-part=open] tr[data-case]').count(), 2);
  assert.deepEqual(grave(faults), []);
  await close();
});

test('a shift is handed over: written, read by another, taken over once, kept', async () => {
  const one = await center.enter('/duty', 'li');
  await one.page.locator('a[href="/duty/handover"]').click();
  await one.page.locator('[data-field=notes]').fill('2号泵停用，请留意地下通道。');
  await one.page.locator('[data-field=todo]').fill('六点致电水务局\n\n查看3号摄像头');
  await one.page.locator('[data-field=next]').fill('wang');
  await one.page.locator('[data-part=open] tr[data-case]').first().waitFor();
  await one.page.locator('[data-do=write]').click();
  await one.page.locator('[data-handover]').waitFor();
  assert.match(one.page.url(), /\/duty\/handover\/\d+$/);
  assert.match(await one.page.locator('h1').innerText(), /no\. \d+/);
  await one.page.getByText('not who wrote it').waitFor();
  assert.equal(await one.page.locator('[data-do=take]').count(), 0);
  const path = new URL(one.page.url()).pathname;
  const id = path.split('/').at(-1);

  const two = await center.enter('/duty', 'wang', { locale: 'zh-CN' });
  const last = two.page.locator(`[data-handover="${id}"]`);
  await last.waitFor();
  assert.match(await last.innerText(), /李工[\s\S]*应接班\s*wang[\s\S]*尚未接班[\s\S]*2号泵停用[\s\S]*六点致电水务局/);
  assert.equal(await last.locator('ol li').count(), 2);
  await last.locator('input').fill('已阅');
  await last.locator('[data-do=take]').click();
  await two.page.locator(`[data-handover="${id}"][data-taken=yes]`).waitFor();
  assert.match(await last.innerText(), /王芳[\s\S]*已阅/);

  // Kept as it was, whatever happens afterwards.
  await li.call('POST', '/cases', { kind: 'flooding', area: community, severity: 'red', text: 'later' });
  const kept = await wang.call('GET', `/handovers/${id}`);
  assert.equal(kept.open_then, 2);
  assert.equal(kept.taken.name, '王芳');
  await assert.rejects(wang.call('POST', `/handovers/${id}/take`, {}), /400/);
  const audit = await center.admin.call('GET', '/auth/audit?what=handover.take');
  assert.equal(audit.lines[0].who, 'wang');

  await one.page.reload();
  await one.page.locator('[data-handover][data-taken=yes]').waitFor();
  assert.equal(await one.page.locator('[data-part=open] tr[data-case]').count(), 2);
  const csv = await one.page.evaluate((p) => fetch(p).then((r) => r.text()), `/api/v1/handovers/${id}/cases.csv`);
  assert.equal(csv.trim().split('\n').length, 3);
  assert.deepEqual(grave(one.faults), []);
  assert.deepEqual(grave(two.faults), []);
  await one.close();
  await two.close();
});

test('on paper a handover is the facts and two lines to sign on', async () => {
  const { page, close } = await center.enter('/duty/handover/1', 'wang', { locale: 'zh-CN', colorScheme: 'dark' });
  await page.locator('[data-handover]').waitFor();
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.ok(await page.locator('.signatures').isVisible());
  assert.match(await page.locator('.signatures').innerText(), /交班人签字 \(李工\)[\s\S]*接班人签字 \(王芳\)/);
  assert.equal(await page.locator('main .button:visible').count(), 0);
  const pdf = await page.pdf({ format: 'A4' });
  assert.ok(pdf.length > 20_000 && pdf.subarray(0, 5).toString() === '%PDF-');
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g).length;
  assert.ok(pages <= 2, `${pages} pages for two cases`);
  await close();
});

test('who is elsewhere writes for their own area, and sees no other', async () => {
  const { page, close } = await center.enter('/duty/handover', 'qian');
  await page.locator('[data-part=open]').waitFor();
  assert.equal(await page.locator('[data-part=open] tr[data-case]').count(), 0);
  const refused = await page.evaluate(() => fetch('/api/v1/handovers/1').then((r) => r.status));
  assert.equal(refused, 404);
  await page.locator('[data-do=write]').click();
  await page.locator('[data-handover]').waitFor();
  await close();
  const viewer = await center.enter('/duty/handover/1', 'chen');
  await viewer.page.locator('[role=alert]').waitFor();
  assert.equal(await viewer.page.locator('[data-handover]').count(), 0);
  await viewer.close();
});

test('a shift by keyboard alone: acknowledge, note, shelve for an hour, end the shelving, hand over', async () => {
  const id = (await wang.call('POST', '/cases', { kind: 'lamp', area: community, severity: 'blue', text: '路灯不亮' })).id;
  const { page, faults, close } = await center.enter('/', 'li');
  await page.locator('[data-phase=live]').waitFor();
  await page.locator('header nav a[href="/cases"]').waitFor();
  let keys = 0;
  const press = async (...list) => {
    for (const k of list) {
      keys++;
      await page.keyboard.press(k);
    }
  };
  const dialog = page.locator('dialog[open][data-dialog=case]');
  await press('g', 'c');
  await page.locator(`[data-case="${id}"]`).waitFor();
  await page.keyboard.press('4'); // level Ⅳ alone
  await page.waitForFunction(() => document.querySelectorAll('[data-case]').length === 1);
  await press('j');
  await press('a');
  await dialog.locator('[data-action=acknowledge]').waitFor();
  await press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.locator(`[data-case="${id}"][data-state=acknowledged]`).waitFor();
  assert.equal(keys, 5, 'keys from the first page to acknowledged, beside the level');

  await page.locator(`[data-case="${id}"] h3 a`).focus();
  await page.keyboard.press('c');
  await dialog.locator('textarea').waitFor();
  await page.keyboard.type('电话已通知');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });

  await page.locator(`[data-case="${id}"] h3 a`).focus();
  await page.keyboard.press('s');
  const until = dialog.locator('input[type=datetime-local]');
  await until.waitFor();
  assert.notEqual(await until.inputValue(), ''); // an hour from now
  await dialog.locator('textarea').focus();
  await page.keyboard.type('施工');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const c = await li.call('GET', `/cases/${id}`);
  assert.ok(Math.abs(c.shelved - Date.now() - 3_600_000) < 120_000, String(c.shelved - Date.now()));
  assert.deepEqual(c.journal.slice(1).map((e) => [e.action, e.why ?? '']), [['acknowledge', ''], ['note', '电话已通知'], ['shelve', '施工']]);

  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.locator('[data-field=notes]').waitFor();
  assert.deepEqual(grave(faults), []);
  await close();
});

for (const look of [{ locale: 'zh-CN', colorScheme: 'light' }, { locale: 'en-GB', colorScheme: 'dark' }, { locale: 'zh-CN', storage: { size: 'large' } }]) {
  for (const path of ['/duty', '/duty/handover', '/duty/handover/1']) {
    test(`axe and width: ${path}, ${look.locale}, ${look.colorScheme ?? 'large'}`, async () => {
      const { page, close } = await center.enter(path, 'li', look);
      await page.locator('[data-part=gaps]').waitFor();
      assert.deepEqual(await axe(page), []);
      for (const size of [[320, 640], [820, 1180], [1280, 900]]) {
        await page.setViewportSize({ width: size[0], height: size[1] });
        assert.ok((await overflow(page)) <= 0, `${size[0]}: ${await overflow(page)} px too wide`);
      }
      await close();
    });
  }
}
