// What people do with the console, in a real browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bridge, flip, open, start } from './harness.mjs';

let env;
before(async () => (env = await start()));
after(() => env.stop());

const row = (key) => `tr[data-stream="${bridge}/${key}"]`;

test('values have number, unit, quality and age, and stay current', async () => {
  const { page, faults, close } = await open(env);
  const level = page.locator(row('river/level'));
  await level.waitFor();
  assert.match(await level.locator('td.value').innerText(), /^\d\.\d{3}\s*m$/);
  assert.equal((await level.locator('td.quality').innerText()).trim(), 'good');
  assert.match(await level.locator('time').innerText(), /^(now|\d+ s ago)$/);
  const before = await level.locator('time').getAttribute('datetime');
  await page.waitForFunction(
    ([sel, old]) => document.querySelector(`${sel} time`).getAttribute('datetime') !== old,
    [row('river/level'), before],
  );
  assert.match(await page.locator(row('air/pm2_5')).locator('td.quality').innerText(), /suspect: changed too fast/);
  assert.match(await page.locator(row('weather/noise')).locator('td.quality').innerText(), /failed: out of range/);
  assert.deepEqual(faults, []);
  await close();
});

test('a value that is too old is hatched and says from when it is', async () => {
  const { page, close } = await open(env);
  const old = page.locator('tr[data-stream="hz-xiasha-pump-02/air/pm2_5"]');
  await old.waitFor();
  assert.ok(await old.evaluate((e) => e.classList.contains('stale')));
  assert.match(await old.locator('td.quality').innerText(), /stale, as of \d\d:\d\d:\d\d/);
  assert.match(await old.locator('time').innerText(), /^~1\d min ago$/);
  assert.match(await old.locator('td.value').evaluate((e) => getComputedStyle(e).backgroundImage), /repeating-linear/);
  await close();
});

test('devices say in words how they are', async () => {
  const { page, close } = await open(env);
  const state = (id) => page.locator(`[data-device="hz-xiasha-pump-02/${id}"] [data-state]`).innerText();
  await page.locator('[data-device="hz-xiasha-pump-02/cabinet"]').waitFor();
  assert.equal(await state('cabinet'), 'Silent: no answer in time');
  assert.equal(await state('air'), 'Fault: line unplugged');
  assert.equal(await state('river'), 'Answers');
  const worked = page.locator('[data-device="hz-xiasha-pump-02/pump"] [data-upkeep]');
  assert.match(await worked.innerText(), /^under maintenance until .*\d\d:\d\d.*, li as root$/);
  assert.equal(await page.locator('[data-device="hz-xiasha-pump-02/river"] [data-upkeep]').count(), 0);
  await close();
});

test('the camera shows its last still with its time', async () => {
  const { page, close } = await open(env);
  const figure = page.locator(`[data-device="${bridge}/gauge"] figure`);
  await figure.locator('img').waitFor();
  assert.ok(await figure.locator('img').evaluate((i) => i.complete && i.naturalWidth > 0));
  assert.match(await figure.locator('figcaption').innerText(), /Picture of \d\d:\d\d:\d\d/);
  await figure.locator('button').click();
  await page.locator('dialog[open] img').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await close();
});

test('a new alert appears without a reload, is read out, and ends', async () => {
  const { page, faults, close } = await open(env);
  let loads = 0;
  page.on('load', () => loads++);
  const title = /^\((\d+)\)/;
  const open0 = Number(title.exec(await page.title())[1]);
  const raised = await flip(env.mock, 'alert', { severity: 'red' });
  const alert = page.locator(`li[data-alert="${raised.id}"]`);
  await alert.waitFor({ timeout: 2000 });
  assert.match(await alert.innerText(), /Ⅰ Red[\s\S]*Alert[\s\S]*New[\s\S]*Underpass water[\s\S]*0\.41[\s\S]*Limit[\s\S]*0\.40[\s\S]*since/);
  assert.equal(await alert.locator('svg[data-shape="octagon"]').count(), 1);
  assert.equal(Number(title.exec(await page.title())[1]), open0 + 1);
  // The most severe one stands first.
  assert.equal(await page.locator('li[data-alert]').first().getAttribute('data-alert'), raised.id);
  assert.match(await page.locator('[data-live=urgent]').innerText(), /New: Alert, Ⅰ Red: Underpass water/);
  const yellow = await flip(env.mock, 'alert', { severity: 'yellow', stage: 'forecast' });
  await page.locator(`li[data-alert="${yellow.id}"]`).waitFor();
  assert.match(await page.locator('[data-live=polite]').innerText(), /New: Pre-alert, Ⅲ Yellow/);
  assert.doesNotMatch(await page.locator('[data-live=urgent]').innerText(), /Yellow/);
  for (const a of [raised, yellow]) await flip(env.mock, 'clear', { id: a.id });
  await page.locator(`li.active[data-alert="${raised.id}"]`).waitFor({ state: 'detached' });
  assert.equal(loads, 0);
  assert.deepEqual(faults, []);
  await close();
});

test('acknowledging works with the keyboard alone and remembers the name', async () => {
  const { page, faults, close } = await open(env);
  const raised = await flip(env.mock, 'alert', { severity: 'orange' });
  const alert = page.locator(`li[data-alert="${raised.id}"]`);
  await alert.waitFor();
  // Tab from the alert's own link to its button.
  await alert.locator('h3 a').focus();
  for (let i = 0; i < 5 && !(await page.evaluate(() => document.activeElement.matches('.who button'))); i++) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  const dialog = page.locator('dialog[open]');
  await dialog.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('autocomplete')), 'name');
  // Without a name, and with one that the aggregator refuses.
  await page.keyboard.press('Enter');
  assert.match(await dialog.locator('.error').innerText(), /Enter your name/);
  await page.keyboard.type('x');
  await page.keyboard.press('Enter');
  await page.getByText('a name has at least two characters').waitFor();
  await page.keyboard.type('iao Ming');
  await page.keyboard.press('Tab');
  await page.keyboard.type('patrol is on its way');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  assert.match(await alert.innerText(), /Acknowledged xiao Ming[\s\S]*patrol is on its way/);
  assert.ok(await page.evaluate((id) => document.activeElement.closest(`[data-alert="${id}"]`) !== null, raised.id));
  // The next one needs two keys: the name is there and the button has the focus.
  const next = await flip(env.mock, 'alert', { severity: 'blue' });
  const second = page.locator(`li[data-alert="${next.id}"]`);
  await second.locator('.who button').focus();
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  assert.equal(await dialog.locator('input').inputValue(), 'xiao Ming');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  assert.match(await second.innerText(), /Acknowledged xiao Ming/);
  for (const a of [raised, next]) await flip(env.mock, 'clear', { id: a.id });
  // The refused name is an answer of the aggregator that the browser logs.
  assert.deepEqual(faults.filter((f) => !f.includes('400')), []);
  await close();
});

test('two people acknowledge: the second is told who was first, on both screens', async () => {
  const one = await open(env);
  const two = await open(env);
  const raised = await flip(env.mock, 'alert', { severity: 'orange' });
  const at = (p) => p.page.locator(`li[data-alert="${raised.id}"]`);
  for (const p of [one, two]) await at(p).locator('.who button').click();
  for (const [p, name] of [
    [one, 'Li Min'],
    [two, 'Wang Qiang'],
  ]) {
    await p.page.locator('dialog[open] input').fill(name);
    await p.page.locator('dialog[open] button.primary').click();
  }
  await two.page.getByText(/Already acknowledged by Li Min/).waitFor();
  await two.page.keyboard.press('Escape');
  for (const p of [one, two]) await at(p).getByText('Li Min').waitFor();
  await flip(env.mock, 'clear', { id: raised.id });
  await one.close();
  await two.close();
});

test('the language follows the browser, can be switched, and is kept', async () => {
  const { page, close } = await open(env, '/', { locale: 'zh-CN' });
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
  await page.getByRole('heading', { name: '当前告警' }).waitFor();
  assert.match(await page.locator('li[data-alert]').first().innerText(), /Ⅱ级\(橙\)[\s\S]*告警[\s\S]*下穿通道积水/);
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Active alerts' }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en-GB');
  await page.reload();
  await page.getByRole('heading', { name: 'Active alerts' }).waitFor();
  // A name that is Chinese everywhere stays, and says so.
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByRole('heading', { name: '网关与设备' }).waitFor();
  await close();
});

test('the chart shows gaps as gaps, with reasons, and the same as a table', async () => {
  const { page, faults, close } = await open(env, `/gateways/${bridge}/river/level`);
  const chart = page.locator('.chart');
  await page.waitForFunction(() => Number(document.querySelector('.chart')?.dataset.bands) >= 2);
  const table = page.locator('section[aria-labelledby=stream-gaps]');
  assert.match(await table.innerText(), /power cut/);
  assert.match(await table.innerText(), /no answer in time/);
  // Point at the middle of the declared gap: 28 minutes ago in a window of 60.
  const box = await chart.locator('.u-over').boundingBox();
  await page.mouse.move(box.x + box.width * (1 - 28 / 60), box.y + box.height / 2);
  await page.getByText(/Gap .*: power cut/).waitFor();
  await page.mouse.move(box.x + box.width * 0.98, box.y + box.height / 2);
  await page.locator('.readout').getByText(/\d\.\d{3}/).waitFor();
  await page.mouse.move(0, 0);
  // The keyboard reads values too.
  await chart.focus();
  await page.keyboard.press('ArrowLeft');
  await page.locator('.readout').getByText(/\d\.\d{3}/).waitFor();
  await page.locator('details[data-table=readings] summary').click();
  assert.match(await page.locator('details[data-table=readings] tbody tr').first().innerText(), /\d\.\d{3}/);
  for (const range of ['6 h', '24 h', '7 d']) {
    await page.getByRole('button', { name: range, exact: true }).click();
    await page.getByText(/Highest/).waitFor();
  }
  await page.getByText(/Thinned out/).waitFor();
  await page.getByRole('button', { name: 'Earlier', exact: true }).click();
  await page.getByRole('button', { name: 'To now' }).click();
  assert.deepEqual(faults, []);
  await close();
});

test('the chart grows while one watches', async () => {
  const { page, close } = await open(env, `/gateways/${bridge}/underpass/level`);
  await page.locator('details[data-table=readings] summary').click();
  const newest = page.locator('details[data-table=readings] tbody tr').first();
  const first = await newest.innerText();
  await page.waitForFunction(
    (old) => document.querySelector('details[data-table=readings] tbody tr').innerText !== old,
    first,
  );
  await close();
});

test('the gateway page tells a field engineer what to do', async () => {
  const { page, faults, close } = await open(env, '/gateways/hz-xiasha-pump-02');
  const text = await page.locator('main').innerText();
  for (const want of [
    /cabinet has not answered for 4 minutes\. Check its supply/,
    /Not set yet/,
    /18,422 records/,
    /318 records/,
    /dropped before upload: limit of the journal reached|No gaps declared/,
    /every 10 s/,
  ]) {
    assert.match(text, want);
  }
  assert.deepEqual(faults, []);
  await close();
});

test('an alert has a page of its own with evidence, picture and history', async () => {
  const id = '01928f3a-7c00-7000-8000-000000000003';
  const { page, faults, close } = await open(env, `/alerts/${id}`);
  await page.getByRole('heading', { name: 'History' }).waitFor();
  const text = await page.locator('main').innerText();
  for (const want of [/Ⅲ Yellow/, /River level 2\.98 m/, /Acknowledged[\s\S]*李敏/, /2\.980\sm/, /suspect/, /990101002001|Willow Bank/]) {
    assert.match(text, want);
  }
  const course = page.locator('section[aria-labelledby=alert-timeline] li');
  assert.deepEqual(await course.evaluateAll((l) => l.map((e) => e.dataset.step)), ['forecast', 'actual', 'switched']);
  assert.match(await course.nth(0).innerText(), /Forecast[\s\S]*2\.9\d*\sm expected between .*\d\d:\d\d:\d\d and/);
  assert.match(await course.nth(1).innerText(), /Limit reached[\s\S]*Yellow[\s\S]*2\.92/);
  assert.match(await course.nth(2).innerText(), /siren on[\s\S]*river-high/);
  await course.nth(1).getByRole('button').click();
  await page.locator('dialog[open] img').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Chart of this stream' }).click();
  await page.locator('.chart').waitFor();
  assert.match(page.url(), /\/gateways\/hz-gongshu-bridge-07\/river\/level$/);
  await page.goBack();
  await page.getByRole('heading', { name: 'History' }).waitFor();
  assert.deepEqual(faults, []);
  await close();
});

test('a picture that comes after its alert is shown when it has come', async () => {
  const { page, faults, close } = await open(env);
  const image = `still-late-${Date.now()}`;
  const raised = await flip(env.mock, 'alert', { image });
  const thumb = page.locator(`li[data-alert="${raised.id}"] .thumb`);
  await thumb.getByText('Picture on its way').waitFor();
  await flip(env.mock, 'arrive', { image });
  await page.waitForFunction((id) => document.querySelector(`li[data-alert="${id}"] .thumb img`)?.naturalWidth > 0, raised.id);
  assert.equal(await thumb.getByText('Picture on its way').count(), 0);
  await flip(env.mock, 'clear', { id: raised.id });
  assert.deepEqual(faults.filter((f) => !f.includes('404')), []);
  await close();
});

test('the picture at an alert stands first and large, those of before and after beside it, and one still to come has its place', async () => {
  const id = '01928f3a-7c00-7000-8000-000000000001';
  const { page, faults, close } = await open(env, `/alerts/${id}`);
  const shown = page.locator('section[aria-labelledby=alert-pictures] li');
  await shown.nth(2).getByText('Picture on its way').first().waitFor();
  assert.deepEqual(await shown.evaluateAll((l) => l.map((e) => e.dataset.moment)), ['at', 'before', 'after']);
  const widths = await shown.evaluateAll((l) => l.map((e) => e.getBoundingClientRect().width));
  assert.ok(widths[0] > 1.5 * widths[1], `widths ${widths}`);
  assert.match(await shown.nth(1).innerText(), /Before\s*\d\d:\d\d:\d\d/);
  assert.ok(await shown.nth(2).getByRole('button').isDisabled());
  await shown.nth(1).getByRole('button', { name: /^Before, \d\d:\d\d:\d\d: / }).focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog[open] img').waitFor();
  await page.keyboard.press('Escape');
  await flip(env.mock, 'arrive', { image: 'still-after' });
  await page.waitForFunction(() => document.querySelector('[data-moment=after] img')?.naturalWidth > 0);
  assert.equal(await shown.nth(2).getByText('Picture on its way').count(), 0);
  assert.equal(await shown.nth(2).getByRole('button').isDisabled(), false);
  assert.deepEqual(faults.filter((f) => !f.includes('404')), []);
  await close();
});

test('a picture that never comes says why, at once and after a reload, in both languages', async () => {
  const image = `still-gone-${Date.now()}`;
  const raised = await flip(env.mock, 'alert', { image });
  const { page, faults, close } = await open(env, `/alerts/${raised.id}`);
  const figure = page.locator('figure.panel');
  await figure.getByText('Picture on its way').waitFor();
  await flip(env.mock, 'miss', { image, why: 'not-taken' });
  await figure.getByText('Not taken: the camera gave no picture').waitFor();
  await page.reload();
  await figure.getByText('Not taken: the camera gave no picture').waitFor();
  assert.equal(await figure.getByText('Picture on its way').count(), 0);
  await close();
  const zh = await open(env, '/', { storage: { language: 'zh' } });
  await zh.page.locator(`li[data-alert="${raised.id}"] .thumb`).getByTitle('未拍摄：摄像头没有给出画面').waitFor();
  await flip(env.mock, 'arrive', { image }); // the word and the picture crossed
  await zh.page.waitForFunction((id) => document.querySelector(`li[data-alert="${id}"] .thumb img`)?.naturalWidth > 0, raised.id);
  await flip(env.mock, 'clear', { id: raised.id });
  assert.deepEqual([...faults, ...zh.faults].filter((f) => !f.includes('404')), []);
  await zh.close();
});

test('an hour after it was due a picture is not said to be on its way any more', async () => {
  const image = `still-slow-${Date.now()}`;
  const raised = await flip(env.mock, 'alert', { image, ago: 61 * 60e3 });
  const { page, faults, close } = await open(env, `/alerts/${raised.id}`);
  const figure = page.locator('figure.panel');
  await figure.getByText('Not here after an hour').waitFor();
  assert.equal(await figure.getByText('Picture on its way').count(), 0);
  await flip(env.mock, 'arrive', { image });
  await page.waitForFunction(() => document.querySelector('figure.panel img')?.naturalWidth > 0);
  await flip(env.mock, 'clear', { id: raised.id });
  assert.deepEqual(faults.filter((f) => !f.includes('404')), []);
  await close();
});

test('past alerts can be filtered, and the filter is in the address', async () => {
  const { page, close } = await open(env, '/alerts');
  const past = page.locator('section[aria-labelledby=past-title]');
  await past.locator('li[data-alert]').first().waitFor();
  await past.locator('select').first().selectOption('red');
  await past.locator('input[type=search]').fill('cabinet');
  const levels = await past.locator('li[data-alert]').evaluateAll((l) => l.map((e) => e.dataset.severity));
  assert.ok(levels.length > 0 && levels.every((s) => s === 'red'));
  assert.match(page.url(), /level=red/);
  await page.reload();
  await past.locator('li[data-alert]').first().waitFor();
  assert.equal(await past.locator('select').first().inputValue(), 'red');
  await past.locator('input[type=search]').fill('nothing like this');
  await past.getByText('No past alert fits this filter.').waitFor();
  await close();
});

test('who may see nothing is told that, not that nobody answers, and sees all once they may', async () => {
  const { page, close } = await open(env, '/connect');
  const refused = (r) => r.fulfill({ status: 403, json: { error: { id: 'E7205', text: { en: 'no right', zh: '没有权限' } } } });
  await page.route(/\/api\/v1\/(stream|info|values)/, refused);
  await page.goto(env.mock.url);
  await page.getByText(/You have no right to see any area here/).first().waitFor();
  assert.equal(await page.getByText(/does not answer/).count(), 0);
  await page.unroute(/\/api\/v1\/(stream|info|values)/, refused);
  await page.locator('[data-phase=live]').waitFor();
  await page.locator(row('river/level')).waitFor();
  assert.equal(await page.getByText(/You have no right/).count(), 0);
  await close();
});

test('a resync loads everything anew', async () => {
  const { page, close } = await open(env);
  await page.locator(row('river/level')).waitFor();
  const raised = [...env.mock.state.alerts.values()][1];
  Object.assign(raised, { rev: raised.rev + 1, value: 3.05 });
  await flip(env.mock, 'resync');
  await page.locator(`li[data-alert="${raised.id}"]`).getByText('3.05').waitFor();
  await close();
});

test('pages can be reached by keyboard: skip link, order, visible focus', async () => {
  const { page, close } = await open(env);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
  const seen = new Set();
  for (let i = 0; i < 25; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      const head = document.querySelector('header').getBoundingClientRect();
      return {
        id: `${e.tagName} ${e.getAttribute('aria-label') ?? e.textContent.trim().slice(0, 30)} ${box.top + scrollY} ${box.left}`,
        outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        hidden: box.bottom <= head.bottom && !e.closest('header'),
      };
    });
    assert.ok(at.outlined, `no visible focus on ${at.id}`);
    assert.ok(!at.hidden, `the header covers ${at.id}`);
    seen.add(at.id);
  }
  assert.equal(seen.size, 25, 'focus went in circles');
  await close();
});

test('sound is off until asked for', async () => {
  const { page, close } = await open(env);
  const button = page.getByRole('button', { name: 'Sound off' });
  await button.click();
  await page.getByRole('button', { name: 'Sound on' }).waitFor();
  await page.getByRole('button', { name: 'Sound on' }).click();
  await button.waitFor();
  await close();
});

test('without a gateway the first page says how to connect one, and the first one appears by itself', async () => {
  const empty = await start({ gateways: 0 });
  const { page, faults, close } = await open(empty);
  await page.getByRole('heading', { name: 'Connect the first gateway' }).waitFor();
  assert.match(await page.locator('pre').first().innerText(), /broker: "mqtt:\/\/127\.0\.0\.1:1883", prefix: lamppost\/v1/);
  await flip(empty.mock, 'appear');
  await page.locator(row('river/level')).waitFor();
  assert.deepEqual(faults, []);
  await close();
  await empty.stop();
});
