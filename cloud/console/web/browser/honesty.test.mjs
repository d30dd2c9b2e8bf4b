// Nothing lies: what is not the present never looks like it, and numbers that stand side by
// side agree.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, bridge, flip, open, start } from './harness.mjs';

let env;
before(async () => (env = await start()));
after(() => env.stop());

const river = '01928f3a-7c00-7000-8000-000000000003';
const looks = [
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'zh-CN', colorScheme: 'dark' },
];
const words = {
  'en-GB': { now: 'Now', last: 'Last known', offline: /Its gateway has been offline since .*: the alert is as it was last known\./, known: /last known, \d\d:\d\d:\d\d/, device: 'Not known; last: Answers', page: /Offline\. All below is as it was last known, (now|\d+ (s|min) ago)\./, counts: /8 not known/ },
  'zh-CN': { now: '当前', last: '最后已知', offline: /所属网关自 .* 起离线：以下为最后已知的情况。/, known: /最后已知，\d\d:\d\d:\d\d/, device: '状态不明；最后为：应答正常', page: /离线。以下均为最后已知的情况（.+）。/, counts: /8 台状态不明/ },
};

/** The numbers of the devices: those that answer or do not, of how many, and those not known. */
const devices = (page) => page.locator('[data-count=devices]').innerText();

for (const look of looks) {
  const w = words[look.locale];
  test(`what a gateway said before it went away is shown as that: ${look.locale}`, async () => {
    const { page, faults, close } = await open(env, '/', look);
    const alert = page.locator(`li[data-alert="${river}"]`);
    await alert.locator('[data-now=current] dt').getByText(w.now, { exact: true }).waitFor();
    const level = page.locator(`tr[data-stream="${bridge}/river/level"]`);
    await level.locator('[data-standing]').waitFor({ state: 'detached' });
    await flip(env.mock, 'online', { id: bridge, on: false });
    // At once, though the newest reading is only seconds old.
    await alert.locator('[data-now=silent] dt').getByText(w.last, { exact: true }).waitFor();
    await alert.locator('[data-now=silent] time').waitFor();
    assert.match(await alert.locator('[data-silent]').innerText(), w.offline);
    assert.ok(await level.locator('td.value').evaluate((e) => getComputedStyle(e).backgroundImage.includes('gradient')));
    assert.match(await level.locator('[data-standing=silent]').innerText(), w.known);
    assert.equal(await page.locator(`[data-device="${bridge}/river"] [data-state]`).innerText(), w.device);
    // Of the seven here nobody knows, nor of the one that is only starting over there.
    await page.locator('[data-count=devices]').getByText(w.counts).waitFor();
    assert.deepEqual(await axe(page), []);
    for (const path of [`/gateways/${bridge}`, `/gateways/${bridge}/river/level`, `/alerts/${river}`]) {
      await page.goto(env.mock.url + path);
      await page.locator('[data-silent], [data-standing=silent]').first().waitFor();
      assert.deepEqual(await axe(page), [], path);
    }
    await page.goto(`${env.mock.url}/gateways/${bridge}`);
    assert.match(await page.locator('main > .page > [data-silent], .page > [data-silent]').first().innerText(), w.page);
    assert.equal(await page.locator('main [data-state=ok], main dd .good, main p.good').count(), 0, 'something is said to work');
    await flip(env.mock, 'online', { id: bridge, on: true });
    await page.locator('[data-silent]').first().waitFor({ state: 'detached' });
    assert.deepEqual(faults, []);
    await close();
  });
}

test('the numbers at the top agree with each other and with the list, whatever is away', async () => {
  const city = await start({ gateways: 10 });
  const { page, close } = await open(city);
  await page.locator('[data-count=devices]').getByText(/not answering/).waitFor();
  const numbers = async () => {
    const text = await devices(page);
    const [, bad, all] = /(\d+) of (\d+) not answering/.exec(text).map(Number);
    return { bad, all, unknown: Number(/(\d+) not known/.exec(text)?.[1] ?? 0) };
  };
  // Seven devices at each of the first two gateways, two at each of the others; one of those is away already.
  assert.deepEqual(await numbers(), { bad: 2, all: 30, unknown: 3 });
  await flip(city.mock, 'online', { id: 'hz-xiasha-pump-02', on: false });
  // Its two bad ones are not known to be bad any more: nothing is, and the rest answers.
  await page.locator('[data-count=devices]').getByText('21 of 30 answering').waitFor();
  await page.locator('[data-count=devices]').getByText('9 not known').waitFor();
  await page.getByText('2 of 10 offline').waitFor();
  await close();
  await city.stop();
});

test('the age of a reading that is dated ahead is not "now"', async () => {
  const { page, close } = await open(env);
  const cell = page.locator(`tr[data-stream="${bridge}/pump/voltage"]`);
  await cell.waitFor();
  const { url } = env.mock;
  await page.route('**/api/v1/values', async (r) => {
    const answer = await (await fetch(`${url}/api/v1/values`)).json();
    const v = answer.values.find((x) => x.gateway === bridge && x.channel === 'voltage');
    v.t = answer.now + 3600e3;
    await r.fulfill({ json: answer });
  });
  await page.reload();
  await cell.locator('time').getByText(/^(1 h|59 min 5\d s) ahead$/).waitFor();
  await close();
});

for (const look of looks) {
  test(`times are by the clocks of the place, and say so to who sits elsewhere: ${look.locale}`, async () => {
    const near = await open(env, `/alerts/${river}`, look);
    const far = await open(env, `/alerts/${river}`, { ...look, timezoneId: 'America/New_York' });
    const since = async ({ page }) => (await page.locator('header[data-alert] p').nth(1).innerText()).match(/\d\d:\d\d:\d\d( UTC.\d\d:\d\d)?/)[0];
    for (const p of [near, far]) await p.page.locator('[data-phase=live]').waitFor();
    const here = await since(near);
    assert.match(here, /^\d\d:\d\d:\d\d$/);
    assert.equal(await since(far), `${here} UTC+08:00`);
    assert.equal(await far.page.locator('[data-zone]').innerText(), 'UTC+08:00');
    assert.match(await far.page.locator('footer .time').innerText(), look.locale === 'zh-CN' ? /现场时区/ : /clocks of the place/);
    // The chart's axis, too: what it says at the cursor is what the table says.
    await far.page.goto(`${env.mock.url}/gateways/${bridge}/river/level`);
    await far.page.waitForFunction(() => Number(document.querySelector('.chart')?.dataset.bands) >= 2);
    await far.page.locator('details[data-table=readings] summary').click();
    assert.match(await far.page.locator('details[data-table=readings] tbody td').first().innerText(), /UTC\+08:00/);
    assert.deepEqual(await axe(far.page), []);
    assert.deepEqual([...near.faults, ...far.faults], []);
    await near.close();
    await far.close();
  });
}

test('an old red alert behind many newer ones is on the screen all the same', async () => {
  const storm = await start();
  storm.mock.state.pageAtMost = 40; // pages of the list of alerts
  const old = await flip(storm.mock, 'alert', { severity: 'red', ago: 3600e3 });
  for (let i = 0; i < 120; i++) await flip(storm.mock, 'alert', { severity: 'blue' });
  const { page, faults, close } = await open(storm);
  await page.locator(`[data-alert="${old.id}"]`).first().waitFor();
  const listed = await page.evaluate(async () => (await (await fetch('/api/v1/alerts?state=active')).json()).alerts.map((a) => a.id));
  assert.ok(!listed.includes(old.id), 'it is on the first page anyway');
  assert.deepEqual(faults, []);
  await close();
  await storm.stop();
});
