// What the browser tests share: the built console behind the mock aggregator, and
// a real Chromium. CHROMIUM names the browser; Debian's is the default.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { startMock } from '../mock/server.mjs';

const here = import.meta.dirname;
const dist = join(here, '../../dist');
const axeSource = join(dirname(createRequire(import.meta.url).resolve('axe-core')), 'axe.min.js');

/** How long anything may take, ms; a machine that does much else needs more. */
const patience = Number(process.env.LAMPPOST_PATIENCE ?? 15_000);

export const bridge = 'hz-gongshu-bridge-07';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Tests run in containers, as root, without a GPU and with little shared memory.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

/** Starts browser and mock. The test closes both with stop(). */
export async function start(options = {}) {
  if (!existsSync(join(dist, 'index.html'))) throw new Error('no build: run `npm run build` first');
  const mock = await startMock({ dist, ...options });
  const browser = await launch();
  const stop = async () => {
    await browser.close();
    await mock.close();
  };
  return { mock, browser, stop };
}

/**
 * Opens a path in a context of its own. What the page should never do is noted in
 * `faults`: errors, warnings, requests to other hosts, breaches of the policy.
 */
export async function open({ mock, browser }, path = '/', options = {}) {
  const { size = [1280, 900], storage = {}, script, ...rest } = options;
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: size[0], height: size[1] },
    ...rest,
  });
  if (process.env.LAMPPOST_DIST) await fresh(context, new URL(mock.url).origin);
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const faults = [];
  page.on('pageerror', (e) => faults.push(`error: ${e.message}`));
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') faults.push(`${m.type()}: ${m.text()}`);
  });
  page.on('request', (r) => {
    const url = new URL(r.url());
    if (url.origin !== new URL(mock.url).origin && !/^(data|blob):/.test(r.url())) faults.push(`request: ${r.url()}`);
  });
  await page.addInitScript((kept) => {
    for (const [k, v] of Object.entries(kept)) localStorage.setItem(`lamppost.${k}`, v);
  }, storage);
  if (script) await page.addInitScript(script);
  await page.goto(mock.url + path, { timeout: 2 * patience });
  await page.locator('h1').first().waitFor({ state: 'attached' });
  return { page, faults, close: () => context.close() };
}

/** While one works on the console: its files as they were just built, with no need to build the aggregator that embeds them. */
function fresh(context, origin) {
  return context.route(
    (url) => url.origin === origin && !url.pathname.startsWith('/api/') && url.pathname !== '/healthz',
    (route) => {
      const file = join(dist, new URL(route.request().url()).pathname);
      return route.fulfill({ path: existsSync(file) && statSync(file).isFile() ? file : join(dist, 'index.html') });
    },
  );
}

/** Throws one of the mock's switches. */
export async function flip(mock, name, body = {}) {
  const answer = await fetch(`${mock.url}/mock/${name}`, { method: 'POST', body: JSON.stringify(body) });
  return answer.json();
}

/** Runs axe with the WCAG 2.2 A and AA rules and returns what it finds, one line each. */
export async function axe(page) {
  // What lies half below the header has no target of its own size.
  await page.evaluate(() => scrollTo(0, 0));
  // evaluate() is not held back by the policy, as a script element would be.
  await page.evaluate(readFileSync(axeSource, 'utf8'));
  return page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const { violations, passes } = await globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    if (passes.length < 10) throw new Error(`axe looked at almost nothing: ${passes.length} rules`);
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target} ${n.failureSummary}`));
  });
}

/** How far the page is wider than the window, in CSS pixels. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
