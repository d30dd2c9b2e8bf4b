// An operator's night, on the street that `make run ARGS=-center` starts: a cloudburst, the alert, two
// departments, an aggregator that is killed on the way, the answers, the end, and the handover on paper.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { enterAs } from './center.mjs';
import { launch } from './harness.mjs';
import { speaker } from './speaker.mjs';
import { keepDown, startStreet } from './streetrig.mjs';

/** How long the storm may take to come to its next step, ms: the scenario says two minutes. */
const storm = 180_000;
let dir;
let street;
let browser;
const people = {}; // who is at their screen
let flood; // the alert that the night is about
let id; // of its case

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lamppost-night-'));
  [street, browser] = await Promise.all([startStreet(['-center', '-dir', dir]), launch()]);
});
after(async () => {
  await browser?.close();
  const code = await street?.stop();
  await rm(dir, { recursive: true, force: true });
  if (street) assert.equal(code, 0, 'the street stops cleanly');
});

/** Opens a page as a person who can hear, and remembers when it was loaded. */
async function sit(who, path, look = {}) {
  const secret = (await readFile(join(dir, 'password'), 'utf8')).trim();
  const opened = await enterAs({ browser, mock: { url: street.url } }, path, who, secret, { storage: { sound: 'on' }, script: speaker, ...look });
  await opened.page.keyboard.press('Shift'); // a browser plays nothing before it is touched
  people[who] = { ...opened, loadedAt: await opened.page.evaluate(() => performance.timeOrigin) };
  return opened.page;
}

const state = (who, s) => people[who].page.locator(`header[data-state=${s}]`).waitFor();
const everyone = (s) => Promise.all(['li', 'wang'].map((who) => state(who, s)));

/** Presses an action, fills in the form, and sends it. */
async function act(who, action, fill = async () => {}) {
  const { page } = people[who];
  await page.locator(`[data-do=${action}]`).first().click();
  const form = page.locator('[data-dialog=case]');
  await form.locator(`[data-action=${action}]`).waitFor();
  await fill(form);
  await form.locator('button.primary').click();
  await form.waitFor({ state: 'detached' });
}

test('rain: alerts come to a page that is open, and a pre-alert of the flood is heard', async (t) => {
  const page = await sit('li', '/');
  await page.locator('[data-phase=live]').waitFor();
  await page.evaluate(() => {
    globalThis.seen = {};
    const look = () => {
      for (const e of document.querySelectorAll('li[data-alert]')) globalThis.seen[e.dataset.alert] ??= Date.now();
    };
    look();
    globalThis.seenFirst = Object.keys(globalThis.seen).length;
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
  const row = page.locator('main li[data-alert].active', { hasText: /underpass/ }).first();
  await row.waitFor({ timeout: storm });
  flood = await row.getAttribute('data-alert');
  assert.match(await row.innerText(), /forecast|expected/i);
  await page.waitForFunction(() => globalThis.tones > 0, undefined, { timeout: storm });
  // It came while the page was open, as did what came before it.
  const seen = await page.evaluate(() => globalThis.seen);
  const came = Object.keys(seen).slice(await page.evaluate(() => globalThis.seenFirst));
  assert.ok(came.includes(flood));
  const late = [];
  for (const a of came) late.push(seen[a] - (await ask('li', 'GET', `/alerts/${a}`)).history[0].at);
  t.diagnostic(`from the aggregator's record of an alert to its row on the page: ${late.join(', ')} ms`);
});

/** Asks the aggregator as a person with their page's session. */
function ask(who, method, path) {
  return people[who].page.evaluate(async ([m, p]) => (await fetch(`/api/v1${p}`, { method: m })).json(), [method, path]);
}

test('it is acknowledged and goes to two departments; a colleague sees each step', async () => {
  [{ id }] = (await ask('li', 'GET', `/cases?alert=${flood}`)).cases;
  const wang = await sit('wang', `/cases/${id}`, { locale: 'zh-CN' });
  await state('wang', 'raised');
  const { page } = people.li;
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.locator(`[data-case="${id}"] h3 a`).click();
  await state('li', 'raised');
  await act('li', 'acknowledge');
  await everyone('acknowledged');
  await act('li', 'dispatch', async (form) => {
    await form.locator('select').first().selectOption('water');
    await form.locator('textarea').first().fill('Start the second pump');
    await form.getByText('Another department').click();
    await form.locator('select').nth(1).selectOption('works');
    await form.locator('textarea').nth(1).fill('Close the underpass');
  });
  await everyone('dispatched');
  for (const department of ['水务局', '市政所']) await wang.locator('[data-task] strong').getByText(department, { exact: true }).waitFor();
});

test('the aggregator is killed: each page says that it is not live, and goes on by itself', async () => {
  const lost = Promise.all([
    people.li.page.getByText(/No connection to the aggregator since/).first().waitFor(),
    people.wang.page.getByText(/与汇聚平台的连接自 \d\d:\d\d:\d\d 起中断/).first().waitFor(),
  ]);
  // The street starts it again after two seconds, and the page waits for four before it raises its voice.
  await keepDown(dir, 'lamppost-cloud', lost);
  await picture('offline', people.li.page);
  await Promise.all(['li', 'wang'].map((who) => people[who].page.locator('[data-phase=live]').first().waitFor({ timeout: 60_000 })));
  await everyone('dispatched');
  assert.equal(await people.li.page.locator('[data-task]').count(), 2);
});

test('both departments answer, from a phone and from a desk', async () => {
  const chen = await sit('chen', '/cases', { size: [390, 844], locale: 'zh-CN' });
  await chen.locator(`[data-case="${id}"] h3 a`).click();
  await act('chen', 'sign');
  await people.li.page.locator('[data-task]').getByText(/signed for by chen/).waitFor();
  const answer = (text) => async (form) => {
    await form.locator('select').selectOption('done');
    await form.locator('textarea').first().fill(text);
  };
  await act('chen', 'report', answer('二号泵已开'));
  await people.li.page.locator('[data-task-state=answered]').getByText('二号泵已开').waitFor();
  await sit('sun', `/cases/${id}`);
  await act('sun', 'report', answer('The underpass is closed'));
  await everyone('handled');
  await people.wang.page.locator('[data-task-state=answered]').getByText('The underpass is closed').waitFor();
});

test('somebody else verifies it, and it is closed', async () => {
  await act('wang', 'verify', async (form) => form.locator('textarea').first().fill('图片上已无车辆，水泵在运行'));
  await everyone('verified');
  await act('wang', 'close', async (form) => {
    await form.locator('select').selectOption('fixed');
    await form.locator('textarea').first().fill('水泵排水，通道已封闭');
  });
  await everyone('closed');
  await people.li.page.locator('[data-outcome=fixed]').getByText('水泵排水').waitFor();
});

test('the handover is written, taken over by another, and printed with the case on it', async (t) => {
  const { page } = people.li;
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.locator('[data-field=notes]').fill('The second pump runs; the underpass stays closed until the morning.');
  await page.locator('[data-field=next]').fill('wang');
  await page.locator('[data-do=write]').click();
  await page.locator('[data-handover][data-taken=no]').waitFor();
  const path = new URL(page.url()).pathname;
  const wang = people.wang.page;
  await wang.keyboard.press('g');
  await wang.keyboard.press('d');
  const written = wang.locator(`[data-handover="${path.split('/').at(-1)}"]`);
  await written.locator('[data-do=take]').click();
  await wang.locator('[data-handover][data-taken=yes]').first().waitFor();
  // What it says now, on paper.
  for (const [who, p] of Object.entries(people)) {
    assert.equal(await p.page.evaluate(() => performance.timeOrigin), p.loadedAt, `the page of ${who} was loaded anew`);
    assert.deepEqual(p.faults.filter((f) => !/Failed to load resource|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/.test(f)), [], who);
  }
  await page.reload();
  await page.locator('[data-handover][data-taken=yes]').waitFor();
  const pdf = await page.pdf({ format: 'A4' });
  const text = await read(pdf);
  for (const want of [/second pump runs/, /Wang Hai/, new RegExp(id), /signature/i]) assert.match(text, want);
  t.diagnostic(`${pdf.length} bytes of PDF`);
  await picture('handover', page);
});

/** What a PDF says, as another program reads it. */
async function read(pdf) {
  const file = join(dir, 'handover.pdf');
  await writeFile(file, pdf);
  return (await promisify(execFile)('pdftotext', ['-layout', file, '-'])).stdout;
}

/** Leaves a picture of a page where pictures are wanted. */
async function picture(name, page) {
  if (process.env.LAMPPOST_NIGHT) await page.screenshot({ path: join(process.env.LAMPPOST_NIGHT, `${name}.png`) });
}
