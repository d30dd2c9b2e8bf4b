// Takes the README's picture: brings the simulated street up with the programs in
// bin/ (LAMPPOST_BIN names another place), waits until the cloudburst has raised
// alerts, and takes what Chromium shows. Ends everything it started.
//
//   node test/screenshot.mjs OUT.png [zh-CN]
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [out, locale = 'en-GB'] = process.argv.slice(2);
if (!out) {
  console.error('usage: node test/screenshot.mjs OUT.png [LANGUAGE]');
  process.exit(2);
}
const program = join(process.env.LAMPPOST_BIN ?? join(import.meta.dirname, '../../../../bin'), 'street');
// Rain comes after half a minute, the underpass floods within two.
const patience = 240_000;

/** Starts the street; resolves to the console's address. */
function street() {
  const child = spawn(program, [], { stdio: ['ignore', 'pipe', 'inherit'] });
  const address = new Promise((done, failed) => {
    child.on('error', failed);
    child.on('exit', (code) => failed(new Error(`the street ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /console\s.*?(http:\S+)/.exec(line);
      if (found) done(found[1]);
    });
  });
  const stop = () =>
    new Promise((done) => {
      if (child.exitCode !== null || child.pid === undefined) return done();
      child.on('exit', done);
      child.kill('SIGINT');
    });
  return { address, stop };
}

const { address, stop } = street();
let browser;
try {
  const url = await address;
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const context = await browser.newContext({ locale, timezoneId: 'Asia/Shanghai', viewport: { width: 1280, height: 1320 } });
  const page = await context.newPage();
  await page.goto(url);
  // Opened before anything has happened: what is on the picture came without a reload.
  await page.locator('[data-phase=live]').waitFor({ timeout: patience });
  await page.locator('li.active[data-severity=orange]').first().waitFor({ timeout: patience });
  await page.locator('figure img').first().waitFor({ timeout: patience });
  await page.waitForFunction(() => document.querySelectorAll('li.active').length >= 2, undefined, { timeout: patience });
  await page.waitForTimeout(1500);
  mkdirSync(dirname(resolve(out)), { recursive: true });
  await page.screenshot({ path: out });
  console.log(`${out}: ${await page.title()}`);
} finally {
  await browser?.close();
  await stop();
}
