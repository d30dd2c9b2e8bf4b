// Texts that try to be more than text, in every place for one that reaches a page: no script
// runs, nothing is loaded, nothing is hidden, and what was written is read as it was written.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCenter } from './center.mjs';

const script = `<script>window.hostile=1</script><img src=x onerror="window.hostile=1">`;
const breaking = `"><svg/onload=window.hostile=1>'</textarea></p></option>`;
const turned = '7 turn\u202egnp.exe\u2066x\u001b[31m\u0000\u009b';
const legible = '7 turn\\u202egnp.exe\\u2066x\\u001b[31m\\u0000\\u009b';
const template = `{{constructor.constructor('window.hostile=1')()}} \${7*7} {value} %s [x](javascript:window.hostile=1)`;
const texts = [script, breaking, template, 'javascript:window.hostile=1', '=cmd|\'/c calc\'!A1', '__proto__'];
const community = '990101002002';

let center;
let river;
let address; // of a case and of an alert

before(async () => {
  center = await startCenter();
  const { admin, hire } = center;
  const owner = await hire('owner', script.slice(0, 60), ['operator', 'dispatcher', 'engineer', 'admin', 'integrator'].map((role) => ({ role, area: '*' })));
  await hire('other', breaking, [{ role: 'viewer', area: '*' }]);
  await admin.call('PUT', '/areas', `code,name,name_en,parent\n990101002801,"${script.replaceAll('"', '""')}","${breaking.replaceAll('"', '""')}",990101002\n`);
  const contacts = [{ name: script, phone: breaking, mail: 'a@example.org', note: template }];
  await admin.call('PUT', '/departments/water', { name: { zh: script, en: breaking }, area: '990101', contacts, members: ['owner'] });
  await admin.call('PUT', '/rosters/lead', {
    name: { zh: breaking, en: script }, area: community, role: 'lead', zone: 'Asia/Shanghai',
    shifts: [{ person: 'owner', days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '00:00' }],
  });
  await owner('/tokens', { name: breaking, grants: [{ role: 'viewer', area: '*' }], rate: 60, ends: Date.now() + 86_400_000 });
  // A gateway that somebody has taken over writes whatever it likes.
  river = await center.gateway('river-01', community);
  let alert;
  for (const [i, text] of [...texts, turned].entries()) {
    alert = await river.alert({ device: `river-${i}`, category: `060${20 + i}`, text: { zh: text, en: text }, acknowledged: undefined, unit: 'm' });
  }
  const health = [...texts, turned].map((text, i) => ({ id: `part-${i}`, level: 'warn', about: text, text: { zh: text, en: text } }));
  const devices = [...texts, turned].map((text, i) => ({ id: `river-${i}`, driver: text, profile: text, bus: text, address: text, every_ms: 5000, channels: ['level'], state: 'fault', fault: 'timeout', note: text, upkeep: { until_ms: 0, by: text } }));
  await river.state({ version: script, site: { name: script, area: community }, devices, health });
  await river.event('gap', (at) => ({ from: at, to: at, why: 'stopped', detail: script }));
  // A case in which everybody writes like that, too.
  const at = { 'If-Match': '*' };
  for (const text of texts) {
    const c = await owner.call('POST', '/cases', { kind: '06010', area: '990101002801', severity: 'orange', text, report: { id: `12345-${text.length}`, text } });
    const act = (action, what) => owner.call('POST', `/cases/${c.id}/actions/${action}`, what, at);
    await act('acknowledge', { why: text });
    await act('note', { why: text });
    await act('dispatch', { why: text, orders: [{ department: 'water', instruction: text }, { person: 'owner', instruction: text }] });
    await act('report', { task: 1, done: text, result: 'done' });
    await act('return', { task: 2, why: text });
    address ??= { case: c.id, alert: alert.id };
  }
});
after(async () => {
  river?.close();
  await center?.stop();
});

/** What a page has that no page of ours has, and what cannot be seen of it. */
function foreign(page) {
  return page.evaluate(() => {
    const found = [...document.querySelectorAll('img[src=x], [onload], [onerror], a[href^="javascript:" i], main script, main svg[onload]')].map((e) => e.outerHTML);
    if ('hostile' in window) found.push('a script ran');
    const hidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    for (let n = walk.nextNode(); n; n = walk.nextNode()) if (hidden.test(n.data)) found.push(`hidden: ${JSON.stringify(n.data)}`);
    for (const e of document.querySelectorAll('*')) for (const a of e.attributes) if (hidden.test(a.value)) found.push(`hidden: ${a.name}=${JSON.stringify(a.value)}`);
    return found;
  });
}

const places = () => [
  ['/', [script, breaking, legible]],
  ['/alerts', [script, breaking, template, legible]],
  [`/alerts/${address.alert}`, [legible]],
  ['/gateways/river-01', [script, breaking, template, legible]],
  ['/cases', [script, breaking, template]],
  [`/cases/${address.case}`, [script]],
  ['/duty', []],
  ['/connect', []],
  ['/admin/accounts', [breaking]],
  ['/admin/areas', []],
  ['/admin/departments', [script]],
  ['/admin/rosters', []],
  ['/admin/routes', []],
  ['/admin/audit', []],
  ['/account/tokens', [breaking]],
  ['/account/sessions', []],
  [`/cases/${encodeURIComponent(script)}`, []],
  [`/gateways/${encodeURIComponent(script)}`, []],
  [`/alerts/${encodeURIComponent(breaking)}?state=${encodeURIComponent(script)}#${encodeURIComponent(breaking)}`, []],
];

// In one language all pages; in the other those with most texts, which it words otherwise.
for (const [locale, most] of [['zh-CN', 99], ['en-GB', 6]]) {
  test(`nothing is more than text (${locale})`, async () => {
    const { page, faults, close } = await center.enter('/', 'owner', { locale });
    const asked = [];
    page.on('dialog', (d) => asked.push(d.message()));
    for (const [path, shown] of places().slice(0, most)) {
      await page.goto(center.url + path, { waitUntil: 'domcontentloaded' });
      await page.locator('h1').first().waitFor({ state: 'attached' }).catch(() => assert.fail(`${path} shows no page`));
      for (const text of shown) {
        // Attached, not seen: a row may be cut to its first line.
        await page.waitForFunction((t) => document.body.textContent.includes(t), text).catch(() => assert.fail(`${path} does not show ${text}`));
      }
      assert.deepEqual(await foreign(page), [], path);
    }
    // What is written comes live, too.
    await page.goto(`${center.url}/alerts`);
    await page.locator('[data-phase=live]').waitFor();
    await river.alert({ device: 'river-live', category: '06099', text: { zh: `9 live ${turned} ${script}`, en: `9 live ${turned} ${script}` } });
    await page.waitForFunction((t) => document.body.textContent.includes(t), `9 live ${legible} ${script}`);
    assert.deepEqual(await foreign(page), []);
    assert.deepEqual(asked, []);
    assert.deepEqual(faults.filter((f) => !/Failed to load resource/.test(f)), []);
    await close();
  });
}
