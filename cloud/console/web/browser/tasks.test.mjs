// What an operator does all night, each from Situation with at most five clicks or keys,
// counted; on a real aggregator. The counts stand in docs/operations-center.md, which
// UPDATE_GOLDEN=1 writes anew.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { jpeg, startCenter } from './center.mjs';
import { Hand } from './hand.mjs';

const everywhere = (...roles) => roles.map((role) => ({ role, area: '*' }));
const [islet, tower] = ['990101002002', '990101003001'];
const minute = 60_000;
const hour = 60 * minute;
const counts = new Map();

let center;
let hook;
let li;
let river;
let other;
const alerts = {};
const cases = {};

before(async () => {
  hook = createServer((_, answer) => answer.end()).listen(0, '127.0.0.1');
  await new Promise((done) => hook.once('listening', done));
  const url = `http://127.0.0.1:${hook.address().port}/`;
  center = await startCenter({ more: { notify: { allow: ['127.0.0.1'], channels: { city: { webhook: { url } } }, rules: { everything: { channels: ['city'] } } } } });
  const { admin, hire } = center;
  li = await hire('li', '李工', everywhere('operator', 'dispatcher'));
  await hire('wang', '王芳', everywhere('operator', 'dispatcher'));
  const chen = await hire('chen', '陈水', everywhere('viewer'));
  await hire('sun', '孙管', everywhere('viewer'));
  await admin.call('PUT', '/departments/water', { name: { zh: '水务局', en: 'Water bureau' }, area: '990101', members: ['chen'] });
  await admin.call('PUT', '/departments/works', { name: { zh: '市政所', en: 'Street works' }, area: '990101', members: ['sun'] });
  await report();
  await raise();
  await answer(chen);
});
after(async () => {
  river?.close();
  other?.close();
  hook?.close();
  await center?.stop();
});

/** Two gateways: one at the river, one in another street that was last heard of hours ago. */
async function report() {
  river = await center.gateway('river-01', islet);
  other = await center.gateway('tower-01', tower);
  const device = (id, channels) => ({ id, driver: 'modbus', every_ms: 1000, channels, state: 'ok' });
  await river.online(true);
  await river.state({ site: { area: islet, time_zone: '+08:00' }, devices: [device('river', ['level']), device('well', ['level'])] });
  for (const ago of [3, 2, 1, 0]) {
    const at = Date.now() - ago * minute;
    await river.live([{ device: 'river', channel: 'level', v: 3.12 - ago / 10, qc: 3, why: 'rate' }, { device: 'well', channel: 'level', v: 1.2 }], { at });
  }
  const wall = (ms) => ({ t: ms, boot: '0a1b2c3d-0000-4000-8000-000000000000', boot_ms: 1000 });
  await river.event('gap', { from: wall(Date.now() - 3 * hour), to: wall(Date.now() - 2 * hour), why: 'power' });
  await other.online(true);
  await other.state({ site: { area: tower, time_zone: '+08:00' }, devices: [device('lamp', ['current'])] });
}

/** The alerts of the night: each is of a kind of its own, and so a case of its own. */
async function raise() {
  const text = (zh, en) => ({ text: { zh, en } });
  const [at, lost] = [river.uuid(Date.now() - 8 * minute), river.uuid(Date.now() - 1)];
  // Foreseen twice, then a fact.
  const flood = { rule: 'underpass-flood', severity: 'red', category: '06010', ...text('下穿通道积水', 'the underpass floods') };
  const first = Date.now() - 9 * minute;
  const foreseen = await river.alert({ at: first, ...flood, stage: 'forecast', value: 2.5, expected: { from_ms: 4 * minute, to_ms: 12 * minute } });
  const again = { ...flood, id: foreseen.id, since: foreseen.since };
  await river.alert({ at: first + 3 * minute, ...again, rev: 2, stage: 'forecast', value: 2.8, expected: { from_ms: 3 * minute, to_ms: 6 * minute } });
  const evidence = [{ n: 'river/level', ago_ms: 0, v: 3.12, qc: 3 }];
  alerts.flood = await river.alert({ at: first + 8 * minute, ...again, rev: 3, evidence, pictures: [{ image: at, moment: 'at' }] });
  await river.picture(at, alerts.flood.id, 'at', await jpeg(center.env, 0.7));

  const orange = (rule, category, more) => river.alert({ rule, category, severity: 'orange', ...more });
  alerts.pump = await orange('pump-stop', '06011', text('泵站停机', 'the pump has stopped'));
  alerts.blind = await orange('camera-water', '06012', { ...text('闸口有积水', 'water at the sluice'), pictures: [{ image: lost, moment: 'at' }] });
  await river.event('missing', { images: [lost], why: 'not-taken' });
  const yellow = (rule, category, more) => river.alert({ rule, category, severity: 'yellow', device: 'well', ...more });
  alerts.lamp = await yellow('lamp-dark', '01010', text('路灯不亮', 'the lamp is dark'));
  alerts.cover = await yellow('cover-open', '01011', text('井盖打开', 'the manhole is open'));
  alerts.wind = await other.alert({ rule: 'wind-high', category: '06020', severity: 'blue', device: 'lamp', channel: 'current', ...text('风大', 'strong wind') });
  for (const [name, a] of Object.entries(alerts)) cases[name] = await caseOf(a.id);
}

async function caseOf(alert) {
  for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    const found = (await li.call('GET', `/cases?state=all&alert=${alert}`)).cases[0];
    if (found) return found.id;
  }
  throw new Error(`no case of ${alert}`);
}

const act = (who, id, action, body) => who.call('POST', `/cases/${id}/actions/${action}`, body, { 'If-Match': '*' });

/** The pump's case is with one department, which has answered in part. */
async function answer(chen) {
  await act(li, cases.pump, 'acknowledge', {});
  await act(li, cases.pump, 'dispatch', { orders: [{ department: 'water', instruction: '到泵站查看' }, { person: 'wang', instruction: '电话跟进' }] });
  await act(chen, cases.pump, 'report', { task: 1, result: 'partly', done: '已到场，缺备件' });
}

/** Does a task in a fresh Situation, and keeps what it took. */
function task(name, zh, how, howZh, does, more = {}) {
  test(name, async () => {
    const { page, close } = await center.enter('/', more.who ?? 'li', { size: [1440, 900], acceptDownloads: true, ...more.look });
    await page.locator('[data-phase=live]').waitFor();
    await page.locator('li[data-alert]').first().waitFor();
    await more.before?.(page);
    const hand = new Hand(page);
    await does(hand, page);
    assert.ok(hand.done > 0);
    counts.set(name, { zh, how, howZh, n: hand.done });
    await close();
  });
}

const row = (page, alert) => page.locator(`li[data-alert="${alert.id}"]`);
const toCase = (page, name) => row(page, alerts[name]).getByRole('link', { name: /^Case: / });
const onCase = (page, name) => page.locator(`[data-page=case] header[data-state]`).waitFor().then(() => assert.equal(new URL(page.url()).pathname, `/cases/${cases[name]}`));
const nav = (page, name) => page.locator('header nav').getByRole('link', { name });
const dialog = (page) => page.locator('dialog[open][data-dialog=case]');
const button = (where, name) => where.getByRole('button', { name, exact: true });

task('find the worst alert', '找到最严重的告警', 'the first row of the list; `j` and `Enter` open it', '列表第一行；按 `j`、`Enter` 打开', async (hand, page) => {
  await hand.press('j', 'Enter');
  await page.locator(`header[data-alert="${alerts.flood.id}"]`).waitFor();
});

task('acknowledge it', '确认它', '`n`, `a`, `Enter`; or *Acknowledge* on its row, twice', '按 `n`、`a`、`Enter`；或点该行的“确认”，再点一次', async (hand, page) => {
  await hand.press('n', 'a');
  await page.locator('dialog[open][data-dialog=acknowledge] button.primary:focus').waitFor();
  await hand.press('Enter');
  await row(page, alerts.flood).getByText(/Acknowledged/).waitFor();
  assert.equal((await li.call('GET', `/alerts/${alerts.flood.id}`)).acknowledged.by, 'li');
});

task('see the picture at the alert', '看告警时刻的照片', 'the small picture on its row', '点该行的小照片', async (hand, page) => {
  await hand.click(row(page, alerts.flood).getByRole('button', { name: 'Picture' }));
  await page.waitForFunction(() => document.querySelector('dialog[open][data-dialog=picture] img')?.naturalWidth === 320);
});

task('see why there is no picture', '看为什么没有照片', 'its row says that there is none; the alert’s page, why', '该行写明没有照片；点开告警页写明原因', async (hand, page) => {
  await row(page, alerts.blind).getByText('no picture').waitFor();
  await hand.click(row(page, alerts.blind).getByRole('link', { name: /^water at the sluice$/i }));
  await page.locator('[data-moment=at] [data-absence]').getByText(/not taken/i).first().waitFor();
});

task('see how sure the value is', '看数值有多可靠', 'the alert’s page: *Now* and the evidence, each with its quality', '点开告警页：“当前”和依据都写明质量', async (hand, page) => {
  await hand.click(row(page, alerts.flood).getByRole('link', { name: /^the underpass floods$/i }));
  await page.locator('[data-now] .quality').getByText(/suspect/i).waitFor();
  await page.getByRole('table', { name: /readings/i }).getByText(/suspect/i).first().waitFor();
});

task('see the forecast and its history', '看预测及其经过', 'the alert’s page: *Course of the alert*, and the fans on the chart', '点开告警页：“告警过程”和图上的预测范围', async (hand, page) => {
  await hand.click(row(page, alerts.flood).getByRole('link', { name: /^the underpass floods$/i }));
  for (const step of ['forecast', 'actual']) await page.locator(`li[data-step=${step}]`).first().waitFor();
  assert.ok((await page.locator('li[data-step]').getByText(/expected/i).count()) >= 1);
  await page.locator('[data-chart] .chart[data-expectations]').waitFor();
});

task('see who was told and who answered', '看通知了谁、谁已回复', '*Case* on the row: tasks and *Who was told*', '点该行的“案件”：任务和“通知情况”', async (hand, page) => {
  await hand.click(toCase(page, 'pump'));
  await onCase(page, 'pump');
  await page.locator('[data-task-state=answered]').getByText('已到场，缺备件').waitFor();
  await page.locator('[data-notice]').getByText(/city/).first().waitFor();
});

task('add a second department', '增派第二个部门', '*Case*, *Another department*, which one, what to do, *Dispatch*', '“案件”、“增加一个部门”、选部门、写要求、“派单”', async (hand, page) => {
  await hand.click(toCase(page, 'pump'));
  await onCase(page, 'pump');
  await hand.click(button(page, 'Another department'));
  await hand.choose(dialog(page).locator('select').first(), 'works');
  await hand.type(dialog(page).locator('textarea').first(), '封闭下穿通道');
  await hand.click(dialog(page).locator('button.primary'));
  await page.locator('[data-task] strong').getByText('Street works', { exact: true }).waitFor();
  assert.deepEqual((await li.call('GET', `/cases/${cases.pump}`)).tasks.map((t) => t.department || t.person), ['water', 'wang', 'works']);
});

task('shelve for one hour with a reason', '搁置一小时并写明理由', '*Case*, *Shelve* (an hour is filled in), the reason, *Shelve*', '“案件”、“搁置”（已填一小时）、理由、“搁置”', async (hand, page) => {
  await hand.click(toCase(page, 'lamp'));
  await onCase(page, 'lamp');
  await hand.click(page.locator('[data-do=shelve]'));
  await hand.click(button(dialog(page), 'Work on site'));
  await hand.click(dialog(page).locator('button.primary'));
  await dialog(page).waitFor({ state: 'detached' });
  const c = await li.call('GET', `/cases/${cases.lamp}`);
  assert.ok(Math.abs(c.shelved - Date.now() - hour) < 2 * minute, String(c.shelved - Date.now()));
  assert.equal(c.journal.at(-1).why, 'Work on site');
});

task('see what is shelved', '看搁置了什么', '*Duty*; or `g` `d`', '“值守”；或按 `g`、`d`', async (hand, page) => {
  await hand.press('g', 'd');
  const shelved = page.locator(`[data-part=shelved] tr[data-case="${cases.lamp}"]`);
  await shelved.waitFor();
  assert.match(await shelved.innerText(), /li[\s\S]*Work on site/);
});

task('find all alerts of one street', '找到一条街道的所有告警', 'the street in the list of areas; in a city of several districts, the district before it', '在区域列表中点街道；有多个区时先点区', async (hand, page) => {
  await hand.click(page.locator('tr[data-area]').getByRole('link', { name: 'Tower Front Street' }));
  await row(page, alerts.wind).waitFor();
  await row(page, alerts.flood).waitFor({ state: 'detached' });
  assert.equal(await page.locator('h1').innerText(), 'Tower Front Street');
});

task('replay 02:00 to 03:00', '回放 02:00 至 03:00', '*Replay*, *02:00*', '“回放”、“02:00”', async (hand, page) => {
  await hand.click(button(page, 'Replay'));
  await hand.click(page.locator('[data-dialog=replay] [data-hour="02:00"]'));
  await page.locator('[data-moment]').waitFor();
  const [from, to] = new URL(page.url()).searchParams.get('replay').split(',').map(Number);
  const written = (time) => new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', timeStyle: 'short' }).format(time);
  assert.deepEqual([written(from), written(to)], ['02:00', '03:00']);
  assert.ok(to <= Date.now() && Date.now() - to < 24 * hour, 'the last 02:00 to 03:00 that is over');
});

task('compare two streams', '对比两条数据', '*Streams*, one, the other', '“数据”、第一条、第二条', async (hand, page) => {
  await hand.click(nav(page, 'Streams'));
  for (const device of ['river', 'well']) await hand.click(page.locator(`[data-pick="river-01/${device}/level"]`));
  await page.waitForFunction(() => document.querySelector('.chart[data-courses]')?.dataset.courses === 'AB');
});

task('export a week as CSV', '导出一周数据为 CSV', '*Streams*, which one, *7 d*, *CSV*', '“数据”、选数据、“7 天”、“CSV 表格”', async (hand, page) => {
  await hand.click(nav(page, 'Streams'));
  await hand.click(page.locator('[data-pick="river-01/river/level"]'));
  await hand.click(button(page, '7 d'));
  const [file] = await Promise.all([page.waitForEvent('download'), hand.click(button(page, 'CSV'))]);
  const [from, to] = ['from', 'to'].map((k) => Number(new URL(file.url()).searchParams.get(k)));
  assert.equal(Math.round((to - from) / hour), 7 * 24);
  const rows = (await readFile(await file.path(), 'utf8')).split('\r\n').filter((l) => l.startsWith('reading,'));
  assert.equal(rows.length, 4);
});

task('mark a false alarm', '判定为误报', '*Case*, *Dismiss*, *False alarm*, the reason, *Dismiss*', '“案件”、“不予处理”、“误报”、理由、“不予处理”', async (hand, page) => {
  await hand.click(toCase(page, 'cover'));
  await onCase(page, 'cover');
  await hand.click(page.locator('[data-do=dismiss]'));
  await hand.choose(dialog(page).locator('select'), 'false_alarm');
  await hand.click(button(dialog(page), 'The picture shows nothing'));
  await hand.click(dialog(page).locator('button.primary'));
  await page.locator('header[data-state=closed]').waitFor();
  assert.equal((await li.call('GET', `/cases/${cases.cover}`)).outcome.resolution, 'false_alarm');
});

task('find gateways silent for an hour', '找到静默一小时以上的网关', '*Fleet*, *Silent for an hour*', '“设备”、“静默超过 1 小时”', async (hand, page) => {
  await hand.click(nav(page, 'Fleet'));
  await hand.click(page.locator('[data-filter=silent]'));
  const found = page.locator('tr[data-gateway]');
  await page.waitForFunction(() => document.querySelectorAll('tr[data-gateway]').length === 1);
  assert.equal(await found.getAttribute('data-gateway'), 'tower-01');
  await found.getByText(/silent for 2 h/).waitFor();
}, { before: hoursLater });

/** The page is told that one gateway went away two hours ago: to wait for it would take them. */
async function hoursLater(page) {
  await page.route('**/api/v1/gateways', async (route) => {
    const answer = await route.fetch();
    const told = await answer.json();
    const away = told.gateways.find((g) => g.id === 'tower-01');
    Object.assign(away, { online: false, since: Date.now() - 2.5 * hour, last_seen: Date.now() - 2.5 * hour });
    await route.fulfill({ response: answer, json: told });
  });
  await page.reload();
  await page.locator('[data-phase=live]').waitFor();
}

task('see a gateway’s gaps and their reasons', '看一台网关的数据缺口及原因', '*Fleet*, the gaps on its row', '“设备”、该行的缺口', async (hand, page) => {
  await hand.click(nav(page, 'Fleet'));
  await hand.click(page.locator('tr[data-gateway="river-01"]').getByRole('link', { name: /longest/ }));
  await page.getByRole('region', { name: 'Gaps' }).or(page.locator('section[aria-labelledby=gateway-gaps]')).first().getByText(/power cut/i).waitFor();
});

task('write the handover', '写交班记录', '`g` `h`, the notes, *Write handover*', '按 `g`、`h`，写交班事项，“提交交班记录”', async (hand, page) => {
  await hand.press('g', 'h');
  await page.locator('[data-part=open]').waitFor();
  await hand.type(page.locator('[data-field=notes]'), '二号泵缺备件');
  await hand.click(page.locator('[data-do=write]'));
  await page.locator('[data-handover][data-taken=no]').waitFor();
  assert.equal((await li.call('GET', '/handovers')).handovers[0].notes, '二号泵缺备件');
});

task('print a case', '打印案件', '*Case*, *Print*', '“案件”、“打印”', async (hand, page) => {
  await page.evaluate(() => {
    globalThis.prints = 0;
    globalThis.print = () => globalThis.prints++;
  });
  await hand.click(toCase(page, 'pump'));
  await onCase(page, 'pump');
  await hand.click(button(page, 'Print'));
  assert.equal(await page.evaluate(() => globalThis.prints), 1);
});

task('switch the language', '切换语言', '*中文* at the top', '点顶部的“English”', async (hand, page) => {
  await hand.click(button(page, '中文'));
  await page.locator('html[lang=zh-CN]').waitFor();
  assert.equal(await page.locator('h1').innerText(), '全市');
});

task('switch to large print', '切换大字', '*Display*, *Large*', '“显示”、“大字”', async (hand, page) => {
  await hand.click(button(page, 'Display'));
  await hand.click(page.getByRole('radio', { name: 'Large' }));
  await page.locator('html[data-size=large]').waitFor();
});

test('what each took stands on the page for the operations center', async () => {
  console.table(Object.fromEntries([...counts].map(([name, c]) => [name, c.n])));
  for (const lang of ['en', 'zh']) {
    const file = join(import.meta.dirname, '../../../../docs', lang === 'en' ? 'operations-center.md' : 'operations-center.zh-CN.md');
    const rows = [...counts].map(([name, c]) => (lang === 'en' ? `| ${name} | ${c.n} | ${c.how} |` : `| ${c.zh} | ${c.n} | ${c.howZh} |`));
    const head = lang === 'en' ? '| what | clicks or keys | how |' : '| 做什么 | 点击或按键 | 怎么做 |';
    const table = `<!-- tasks -->\n${[head, '| --- | --- | --- |', ...rows].join('\n')}\n<!-- /tasks -->`;
    const text = await readFile(file, 'utf8');
    const wanted = text.replace(/<!-- tasks -->[^]*<!-- \/tasks -->/, () => table);
    if (process.env.UPDATE_GOLDEN) await writeFile(file, wanted);
    else assert.equal(text, wanted, 'UPDATE_GOLDEN=1 writes it anew');
  }
});
