// A past time shown again on the situation, on a real aggregator: as it was then, not to be
// taken for the present, and with the present never lost sight of.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { startCenter } from './center.mjs';
import { axe, overflow } from './harness.mjs';

const shots = process.env.LAMPPOST_SHOTS; // a directory to leave pictures in
const looks = [
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'zh-CN', colorScheme: 'dark' },
];
const words = {
  'en-GB': { banner: /Replay of .* – not the present/, title: /Replay .* · Lamppost/ },
  'zh-CN': { banner: /正在回放 .*，不是当前情况/, title: /回放 .* · Lamppost/ },
};

// Before one has logged in the answer is 401, which the browser notes.
const wrong = (faults) => faults.filter((f) => !f.includes('401'));

let center;
let li;
let river; // a gateway that stays
let gone; // one that goes
const marks = {}; // moments between what happened

/** Waits until the aggregator says that something is so. */
async function until(what, ask) {
  for (const end = Date.now() + 15_000; ; ) {
    if (await ask()) return;
    assert.ok(Date.now() < end, `never: ${what}`);
  }
}
const active = async () => (await li.call('GET', '/alerts?state=active')).alerts;
const mine = (id, is) => until(`${id} ${is}`, async () => is(await li.call('GET', `/alerts/${id}`).catch(() => ({}))));
/** A moment that lies behind all before and before all behind. */
async function mark(name) {
  const begin = Date.now();
  await until('a moment', () => Date.now() > begin + 30);
  marks[name] = Date.now();
  await until('a moment', () => Date.now() > marks[name] + 30);
}

let flood;
let wind;
before(async () => {
  if (shots) await mkdir(shots, { recursive: true });
  center = await startCenter();
  li = await center.hire('li', '李操作', [{ role: 'operator', area: '*' }]);
  marks.nobody = Date.now();
  river = await center.gateway('river-1', '990101002003');
  await river.state();
  await river.online(true);
  gone = await center.gateway('pump-1', '990101001001');
  await gone.state();
  await gone.online(true);
  await until('two gateways', async () => (await li.call('GET', '/gateways')).gateways.filter((g) => g.online).length === 2);
  await mark('calm');
  flood = await river.alert({ severity: 'yellow' });
  wind = await gone.alert({ rule: 'wind', severity: 'blue', text: { zh: '风速 12 m/s', en: 'wind 12 m/s' } });
  await until('two alerts', async () => (await active()).length === 2);
  await mark('raised');
  await river.alert({ id: flood.id, rev: 2, severity: 'red', value: 3.9 });
  await mine(flood.id, (a) => a.severity === 'red');
  await mark('worse');
  await li.call('POST', `/alerts/${flood.id}/acknowledge`, { by: 'li', note: 'on the way' });
  await gone.online(false);
  await until('away', async () => (await li.call('GET', '/gateways')).gateways.some((g) => !g.online));
  await mark('seen');
  await river.event('gap', (at) => ({ from: { ...at, t: marks.raised, boot_ms: 1 }, to: { ...at, t: marks.seen, boot_ms: 2 }, why: 'power', detail: '' }));
  await river.alert({ id: flood.id, rev: 3, severity: 'red', condition: 'cleared' });
  await mine(flood.id, (a) => a.condition === 'cleared');
  await mark('over');
});
after(() => center.stop());

const span = () => `replay=${marks.calm - 60_000},${marks.over}`;
/** What the page shows: alerts with level and whether they were seen, gateways away. */
const shown = (page) =>
  page.evaluate(() => ({
    alerts: [...document.querySelectorAll('section[aria-labelledby=active-title] li[data-alert]')].map((e) => [e.dataset.alert, e.dataset.severity, e.classList.contains('seen')]),
    away: [...document.querySelectorAll('[data-away]')].map((e) => e.dataset.away),
  }));
const at = async (page, moment) => {
  await page.locator('[data-moment]').waitFor();
  await page.locator('.player input[type=range]').evaluate((e, v) => {
    e.value = v;
    e.dispatchEvent(new Event('input', { bubbles: true }));
  }, moment);
};

for (const look of looks) {
  test(`each moment is as it was: ${look.locale}`, async () => {
    const { page, faults, close } = await center.enter(`/?${span()}&at=${marks.calm}`, 'li', { ...look, size: [1440, 900] });
    await page.locator('[data-moment]').waitFor();
    assert.deepEqual(await shown(page), { alerts: [], away: [] });
    await at(page, marks.raised);
    assert.deepEqual(await shown(page), { alerts: [[flood.id, 'yellow', false], [wind.id, 'blue', false]], away: [] });
    assert.match(await page.locator('tr[data-area="990101002"]').innerText(), /\b1\b/);
    await at(page, marks.worse);
    assert.deepEqual((await shown(page)).alerts, [[flood.id, 'red', false], [wind.id, 'blue', false]]);
    await at(page, marks.seen);
    assert.deepEqual(await shown(page), { alerts: [[flood.id, 'red', true], [wind.id, 'blue', false]], away: ['pump-1'] });
    assert.equal(await page.locator('[data-bar]').count(), 2);
    assert.equal(await page.locator('[data-cursor]').count(), 1);
    // It says what it is, and offers nothing that could be done to the past.
    assert.match(await page.locator('[data-replay]').innerText(), words[look.locale].banner);
    assert.match(await page.title(), words[look.locale].title);
    assert.equal(await page.locator('main li[data-alert] .who button').count(), 0);
    assert.deepEqual(await axe(page), []);
    if (shots) await page.screenshot({ path: `${shots}/replay-${look.locale}.png` });
    await at(page, marks.over);
    assert.deepEqual((await shown(page)).alerts, [[wind.id, 'blue', false]]);
    await at(page, marks.nobody - 30_000);
    await page.locator('[data-unknown=nobody]').waitFor();
    assert.equal(await page.locator('.good, .calm').count(), 0, 'something is said to be well of which nothing is known');
    assert.deepEqual(wrong(faults), []);
    await close();
  });
}

test('the moment, the area and the gateway are in the address, and a link has them all', async () => {
  const { page, close } = await center.enter(`/?${span()}&at=${marks.seen}&area=990101001`, 'li');
  await page.locator('[data-moment]').waitFor();
  assert.deepEqual((await shown(page)).alerts.map((a) => a[0]), [wind.id]);
  await at(page, marks.raised);
  await page.waitForFunction((m) => new URLSearchParams(location.search).get('at') === String(m), marks.raised);
  await page.reload();
  await page.locator('[data-moment]').waitFor();
  assert.equal(await page.locator('.player input[type=range]').inputValue(), String(marks.raised));
  assert.deepEqual((await shown(page)).away, []);
  await page.goto(`${center.url}/?${span()}&at=${marks.raised}&on=river-1`);
  await page.locator('[data-readings]').waitFor();
  assert.deepEqual((await shown(page)).alerts.map((a) => a[0]), [flood.id]);
  await close();
});

test('it is played, paused, stepped and left by the keyboard', async () => {
  const { page, faults, close } = await center.enter(`/?${span()}&at=${marks.calm}`, 'li');
  await page.locator('[data-moment]').waitFor();
  const slider = page.locator('.player input[type=range]');
  const now = async () => Number(await slider.inputValue());
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  assert.equal(await now(), marks.calm - 60_000);
  await page.keyboard.press('Shift+ArrowRight');
  assert.equal(await now(), marks.calm - 59_000);
  await page.getByRole('button', { name: 'Next event' }).press('Enter');
  assert.ok((await now()) > marks.calm - 59_000 && (await now()) <= marks.calm);
  await page.keyboard.press('p');
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.waitForFunction((m) => Number(document.querySelector('.player input[type=range]').value) === m, marks.over); // it ends at the end
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  const row = page.locator(`li[data-alert="${wind.id}"] h3 a`);
  await row.focus();
  await page.keyboard.press('a');
  assert.equal(await page.locator('dialog[open]').count(), 0, 'the past can be acknowledged');
  await page.locator('[data-back]').press('Enter');
  await page.locator('[data-replay]').waitFor({ state: 'detached' });
  assert.ok(!new URL(page.url()).searchParams.has('replay'));
  await row.focus();
  await page.keyboard.press('a');
  await page.locator('dialog[open]').waitFor();
  assert.deepEqual(wrong(faults), []);
  await close();
});

test('02:00 to 03:00 is two clicks away, or one key, a time and another key', async () => {
  const { page, close } = await center.enter('/', 'li');
  const wanted = async () => {
    await page.locator('[data-replay]').waitFor();
    const [from, to] = new URL(page.url()).searchParams.get('replay').split(',').map(Number);
    const wall = (t) => new Date(t).toLocaleTimeString('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' });
    assert.deepEqual([wall(from), wall(to), to - from], ['02:00', '03:00', 3_600_000]);
    assert.ok(to <= Date.now() && from > Date.now() - 27 * 3_600_000);
  };
  await page.locator('[data-do=replay]').click();
  await page.locator('[data-hour="02:00"]').click();
  await wanted();
  await page.locator('[data-unknown=nobody]').waitFor(); // the center is younger
  await page.goBack();
  await page.locator('[data-replay]').waitFor({ state: 'detached' });
  await page.locator('h1').focus();
  await page.keyboard.press('p');
  await page.locator('dialog[open] input[data-time]').first().waitFor();
  await page.waitForFunction(() => document.activeElement?.matches('input[data-time]'));
  await page.keyboard.type('0200');
  await page.locator('dialog[open] [data-says]').waitFor();
  await page.keyboard.press('Enter');
  await wanted();
  await close();
});

test('an alert that comes meanwhile is announced, counted, and leads back', async () => {
  const { page, faults, close } = await center.enter(`/?${span()}&at=${marks.calm}`, 'li');
  await page.locator('[data-moment]').waitFor();
  assert.equal(await page.locator('[data-active-now]').getAttribute('data-active-now'), '1');
  const fresh = await river.alert({ rule: 'storm', severity: 'red', text: { zh: '暴雨', en: 'cloudburst now' } });
  await page.locator('[data-fresh-now="1"]').waitFor();
  assert.match(await page.locator('[data-live=urgent]').textContent(), /cloudburst now/i);
  assert.equal(await page.locator(`main li[data-alert="${fresh.id}"]`).count(), 0, 'it is shown among the past');
  await page.locator('[data-back]').click();
  await page.locator(`main li[data-alert="${fresh.id}"]`).first().waitFor();
  await river.alert({ id: fresh.id, rev: 2, rule: 'storm', severity: 'red', condition: 'cleared' });
  assert.deepEqual(wrong(faults), []);
  await close();
});

for (const look of looks) {
  test(`the dialog and a narrow window are whole: ${look.locale}`, async () => {
    const { page, close } = await center.enter(`/?${span()}&at=${marks.seen}`, 'li', { ...look, size: [320, 740] });
    await page.locator('[data-moment]').waitFor();
    assert.equal(await overflow(page), 0);
    assert.deepEqual(await axe(page), []);
    if (shots) await page.screenshot({ path: `${shots}/replay-320-${look.locale}.png`, fullPage: true });
    await page.locator('[data-ask]').click();
    await page.locator('dialog[open] [data-hour]').first().waitFor();
    assert.deepEqual(await axe(page), []);
    assert.equal(await page.locator('dialog[open]').evaluate((e) => e.scrollWidth - e.clientWidth), 0);
    if (shots) await page.screenshot({ path: `${shots}/dialog-320-${look.locale}.png` });
    await close();
  });
}
