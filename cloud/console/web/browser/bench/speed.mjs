// How fast the console is on a whole city: a real aggregator with accounts, 10 000 devices,
// 1 000 open cases, 5 000 updates a second, in Chromium. Prints a table.
//
//   node browser/bench/speed.mjs [--updates 1000000] [--views 7] [--rounds 12] [--alerts 200]
//
// What each figure is stands in docs/console-speed.md. Nothing here asserts a time: it is read.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { startCenter } from '../center.mjs';
import { p, table } from './table.mjs';

const { values: given } = parseArgs({
  options: {
    updates: { type: 'string', default: '1000000' },
    views: { type: 'string', default: '7' },
    rounds: { type: 'string', default: '12' },
    alerts: { type: 'string', default: '200' },
    gateways: { type: 'string', default: '500' },
    devices: { type: 'string', default: '20' },
    rate: { type: 'string', default: '5000' },
    cases: { type: 'string', default: '1000' },
    profile: { type: 'string', default: '' }, // a file for Chromium's CPU profile of the interactions
  },
});
const n = Object.fromEntries(Object.entries(given).map(([k, v]) => [k, Number(v)]));
const note = (s) => console.error(`# ${s}`);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const middle = (l) => p(l, 50);

/** Starts the city's feeder; resolves when all of its gateways have appeared. */
async function startFeed(mqtt) {
  const city = JSON.stringify({ gateways: n.gateways, devices: n.devices, rate: n.rate, alerts: 300 });
  const child = spawn(process.execPath, [`${import.meta.dirname}/feed.mjs`, mqtt.address, mqtt.prefix, city], { stdio: ['pipe', 'pipe', 'inherit'] });
  const feed = { taken: 0, handed: new Map(), alert: () => child.stdin.write('alert\n'), stop: () => child.stdin.write('stop\n') };
  await new Promise((ready, failed) => {
    child.once('exit', (code) => failed(new Error(`the feeder ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line);
      if (said.ready) ready();
      if (said.taken) feed.taken = said.taken;
      if (said.alert) feed.handed.set(said.alert, said.handed);
    });
  });
  return feed;
}

/** Runs in the page before its own scripts: when what was on the screen, how long input took. */
function watch() {
  const seen = (globalThis.__bench = { inputs: [], alerts: {}, first: 0, listed: 0, long: [] });
  new PerformanceObserver((l) => {
    for (const e of l.getEntries()) if (e.interactionId) seen.inputs.push({ id: e.interactionId, name: e.name, ms: e.duration, at: e.startTime });
  }).observe({ type: 'event', durationThreshold: 16 });
  new PerformanceObserver((l) => l.getEntries().forEach((e) => seen.long.push(e.duration))).observe({ type: 'longtask' });
  // Painted is what the frame after the next has shown.
  const painted = (f) => requestAnimationFrame(() => requestAnimationFrame(() => f(performance.now())));
  const look = (node) => {
    if (!(node instanceof Element)) return;
    const rows = node.matches('[data-alert]') ? [node] : node.querySelectorAll('[data-alert]');
    for (const row of rows) {
      const id = row.dataset.alert;
      if (!seen.alerts[id]) seen.alerts[id] = Date.now();
      if (!seen.first) {
        seen.first = -1;
        painted((t) => (seen.first = t));
      }
    }
  };
  new MutationObserver((l) => l.forEach((m) => m.addedNodes.forEach(look))).observe(document, { subtree: true, childList: true });
}

async function session(center, who) {
  const { page, close } = await center.enter('/', who);
  const state = await page.context().storageState();
  await close();
  return state;
}

async function newPage(center, state) {
  const context = await center.env.browser.newContext({ storageState: state, viewport: { width: 1440, height: 900 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await page.addInitScript(watch);
  return { page, context };
}

/** First useful view: the worst alert is painted. Cold: nothing cached; warm: a reload. */
async function firstViews(center, state) {
  const cold = [];
  const warm = [];
  const first = async (page) => (await page.waitForFunction(() => globalThis.__bench.first > 0), page.evaluate(() => globalThis.__bench.first));
  for (let i = 0; i < n.views; i++) {
    const { page, context } = await newPage(center, state);
    await page.goto(center.url);
    cold.push(await first(page));
    await page.waitForTimeout(1500);
    await page.reload();
    warm.push(await first(page));
    await context.close();
  }
  return { cold, warm };
}

/** Does what an operator does, again and again, while the updates flow. Resolves to ms per kind of input. */
async function interact(page) {
  const took = new Map();
  const cdp = given.profile ? await page.context().newCDPSession(page) : undefined;
  await cdp?.send('Profiler.enable');
  await cdp?.send('Profiler.start');
  const input = async (kind, f) => {
    await page.evaluate(() => (globalThis.__bench.inputs.length = 0));
    await f();
    await page.waitForTimeout(350); // Event Timing reports after the paint, a batch at a time
    const found = await page.evaluate(() => globalThis.__bench.inputs);
    // Inputs of less than 16 ms are not reported: they count as 16.
    const byId = new Map(); // an input is several events; the slowest counts
    for (const e of found) byId.set(e.id, Math.max(e.ms, byId.get(e.id) ?? 0));
    const each = [...byId.values()];
    took.set(kind, [...(took.get(kind) ?? []), ...(each.length ? each : [16])]);
  };
  for (let i = 0; i < n.rounds; i++) {
    await page.locator('header nav a[href="/cases"]').first().waitFor();
    await input('go to Cases', () => page.locator('header nav a[href="/cases"]').first().click());
    await page.locator('[data-case]').first().waitFor();
    await input('filter cases by level', () => page.locator('[data-count=orange]').click());
    await input('and back', () => page.locator('[data-count=orange]').click());
    await input('type in the search of cases', () => page.locator('[data-page=cases] input[type=search]').pressSequentially('pump 7'));
    await page.locator('[data-page=cases] input[type=search]').fill('');
    await page.waitForTimeout(200);
    await input('open a case', () => page.locator('[data-case] h3 a').first().click());
    await page.locator('header[data-state]').waitFor();
    await input('go to the alerts', () => page.locator('header nav a[href="/alerts"]').first().click());
    await page.locator('li[data-alert]').first().waitFor();
    await input('go to Situation', () => page.locator('header nav a').first().click());
    await page.locator('[data-alert]').first().waitFor();
    await input('change language', () => page.locator('header .language').click());
  }
  if (cdp) await writeFile(given.profile, JSON.stringify((await cdp.send('Profiler.stop')).profile));
  return took;
}

/** Heap after a forced collection, and what Chromium says of the page, at every tenth of the updates. */
async function memory(page, feed, total) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('HeapProfiler.enable');
  await cdp.send('Performance.enable');
  const from = feed.taken;
  const out = [];
  for (let step = 0; step <= 10; step++) {
    while (feed.taken - from < (total * step) / 10) await pause(200);
    for (let i = 0; i < 2; i++) await cdp.send('HeapProfiler.collectGarbage');
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    const { metrics } = await cdp.send('Performance.getMetrics');
    const of = (name) => metrics.find((m) => m.name === name)?.value ?? 0;
    out.push({ updates: feed.taken - from, mb: usedSize / 1e6, nodes: of('Nodes'), listeners: of('JSEventListeners') });
    note(`memory: ${JSON.stringify(out.at(-1))}`);
  }
  return out;
}

/** From handing an alert to the broker to its row in the page, ms. */
async function alertLatency(page, feed) {
  const late = [];
  for (let i = 0; i < n.alerts; i++) {
    const before = feed.handed.size;
    feed.alert();
    while (feed.handed.size === before) await pause(5);
    const [id, handed] = [...feed.handed].at(-1);
    const shown = await page.waitForFunction((a) => globalThis.__bench.alerts[a], id, { timeout: 20_000 }).then((h) => h.jsonValue());
    late.push(shown - handed);
    await pause(150);
  }
  return late;
}

const center = await startCenter();
try {
  const info = await center.admin.call('GET', '/info');
  const work = await center.hire('li', '李工', [{ role: 'operator', area: '*' }]);
  const began = Date.now();
  const kinds = ['orange', 'yellow', 'blue'];
  for (let i = 0; i < n.cases; i++) {
    await work.call('POST', '/cases', { kind: `pump-${i}`, area: '990101001001', severity: kinds[i % 3], text: `泵 ${i}` });
  }
  note(`${n.cases} cases in ${Date.now() - began} ms`);
  const feed = await startFeed(info.mqtt);
  note(`the city stands after ${Date.now() - began} ms`);
  await pause(5000);
  const { gateways } = await center.admin.call('GET', '/gateways');
  const { values } = await center.admin.call('GET', '/values');
  const { alerts } = await center.admin.call('GET', '/alerts?state=active');
  note(`it has ${gateways.length} gateways with ${gateways.reduce((s, g) => s + (g.devices?.length ?? 0), 0)} devices, ${values.length} streams, ${alerts.length} active alerts`);
  const rateFrom = [feed.taken, performance.now()];
  const state = await session(center, 'li');
  const views = await firstViews(center, state);
  note(`first view: cold ${views.cold.map(Math.round)}, warm ${views.warm.map(Math.round)}`);
  const { page } = await newPage(center, state);
  await page.goto(center.url);
  await page.locator('[data-alert]').first().waitFor();
  await page.waitForTimeout(2000);
  const took = await interact(page);
  for (const [kind, l] of took) note(`${kind}: p50 ${middle(l)}, p95 ${p(l, 95)}, max ${Math.max(...l)} (${l.length})`);
  await page.goto(center.url);
  const late = n.alerts > 0 ? await alertLatency(page, feed) : [];
  if (late.length) note(`alert: p50 ${middle(late)} p99 ${p(late, 99)} max ${Math.max(...late)}`);
  const grown = n.updates > 0 ? await memory(page, feed, n.updates) : [];
  const rate = ((feed.taken - rateFrom[0]) / (performance.now() - rateFrom[1])) * 1000;
  console.log(table({ n, views, took, late, grown, rate, load: loadavg() }));
  feed.stop();
} finally {
  await center.stop();
}
