// An operations center for the tests: an aggregator with the invented city, two departments
// and their people, and a gateway at the river.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logIn, startAggregator } from './aggregator.mjs';
import { startGateway } from './gateway.mjs';
import { open, start } from './harness.mjs';

export const password = 'a heron stands in the rain';
const city = join(import.meta.dirname, '../../../../firmware-configs/sites/demo-city.csv');

/** Opens a page of an aggregator with accounts and logs in. */
export async function enterAs(env, path, who, secret, look = {}) {
  const opened = await open(env, path, look);
  const form = opened.page.locator('[data-page=login]');
  await form.waitFor();
  await form.locator('input[autocomplete=username]').fill(who);
  await form.locator('input[type=password]').fill(secret);
  await form.locator('button.primary').click();
  await opened.page.locator('[aria-controls=account-panel]').waitFor();
  return opened;
}

/** Starts it; `hire` makes a person, `enter` opens a page as one. */
export async function startCenter(options = {}) {
  const { browser, mock } = await start({ gateways: 0 });
  await mock.close();
  const aggregator = await startAggregator(options);
  const env = { browser, mock: aggregator };
  const first = await logIn(aggregator.url, 'admin', aggregator.password);
  await first('/password', { old: aggregator.password, new: password });
  const admin = await logIn(aggregator.url, 'admin', password);
  await admin.call('PUT', '/areas?name=demo-city.csv', await readFile(city, 'utf8'));
  const hire = async (id, name, grants) => {
    const made = await admin('/accounts', { id, name, grants });
    const self = await logIn(aggregator.url, id, made.password);
    await self('/password', { old: made.password, new: password });
    return logIn(aggregator.url, id, password);
  };
  /** Opens a page as a person; `via` is another address of the aggregator, such as a proxy's. */
  const enter = (path, who, { via = aggregator.url, ...look } = {}) => enterAs({ browser, mock: { url: via } }, path, who, password, look);
  const info = await admin.call('GET', '/info');
  const gateway = (id, area, more) => startGateway(info.mqtt.address, info.mqtt.prefix, id, area, more);
  const stop = async () => {
    await browser.close();
    await aggregator.close();
  };
  return { env, url: aggregator.url, admin, hire, enter, gateway, stop };
}

/** A JPEG that a browser makes: a river, its water as high as is said, 0 to 1. */
export async function jpeg(env, level) {
  const page = await env.browser.newPage();
  const url = await page.evaluate((l) => {
    const c = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const g = c.getContext('2d');
    g.fillStyle = '#8fa3ad';
    g.fillRect(0, 0, 320, 240);
    g.fillStyle = '#3d5a4b';
    g.fillRect(0, 240 - 240 * l, 320, 240 * l);
    g.fillStyle = '#fff';
    g.fillRect(150, 40, 20, 200);
    return c.toDataURL('image/jpeg');
  }, level);
  await page.close();
  return Buffer.from(url.split(',')[1], 'base64');
}
