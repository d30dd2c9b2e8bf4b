// What the tests of docs/console-truth.md share: pages that are open in two looks before anything is
// wrong, and how long it takes from the cause to the words.
import assert from 'node:assert/strict';
import { axe } from './harness.mjs';
import { shot } from './shot.mjs';

export const area = '990101002002';
export const looks = [
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'zh-CN', colorScheme: 'dark' },
];
export const device = (id, more = {}) => ({ id, driver: 'modbus', every_ms: 1000, channels: ['level'], state: 'ok', ...more });
export const level = (v, more = {}) => [{ device: 'river', channel: 'level', v, ...more }];
export const row = (page) => page.locator('tr[data-stream="river-01/river/level"]');

/** A gateway at the river: its state, and a reading a second until it is told otherwise. */
export async function riverside(center, more) {
  const river = await center.gateway('river-01', area, more);
  let beat;
  const report = (say) => river.state({ site: { area, time_zone: '+08:00' }, devices: [device('river'), device('well')], ...say });
  const hush = () => clearInterval(beat);
  const speak = (readings = level(2.71), options) => {
    hush();
    beat = setInterval(() => void river.live(readings, options), 1000);
    return river.live(readings, options);
  };
  await river.online(true);
  await report();
  await speak();
  return { ...river, report, speak, hush, close: () => (hush(), river.close()) };
}

/**
 * Opens a page in both looks, lets `cause` happen to them and waits on each until `says` finds its words. That takes
 * at most `within` ms, as docs/console-truth.md states. axe finds nothing on the page as it then is, and
 * LAMPPOST_SHOTS=DIR leaves a picture of it there.
 */
export async function told(center, name, { path = '/gateways/river-01', via, ready = live, cause, says, within, holds = async () => {} }) {
  const opened = [];
  for (const look of looks) opened.push(await center.enter(path, 'li', { ...look, size: [1280, 720], ...(via && { via }) }));
  for (const { page } of opened) {
    page.setDefaultTimeout(within + 15_000);
    await ready(page);
  }
  const began = Date.now();
  await cause(opened.map((o) => o.page));
  const took = await Promise.all(opened.map(({ page }, i) => says(page, looks[i].locale).then(() => Date.now() - began)));
  console.log(`${name}: said after ${took.map((t) => `${(t / 1000).toFixed(1)} s`).join(' and ')}, at most ${within / 1000} s`);
  assert.ok(Math.max(...took) <= within, `${name} was said after ${took} ms`);
  for (const [i, { page }] of opened.entries()) {
    await holds(page, looks[i].locale);
    assert.deepEqual(await axe(page), []);
    await shot(page, `${name}-${looks[i].locale}`);
  }
  return { pages: opened.map((o) => o.page), close: () => Promise.all(opened.map((o) => o.close())) };
}

/** The page follows the aggregator and shows what the river is doing. */
export async function live(page) {
  await page.locator('[data-phase=live]').waitFor();
  await row(page).locator('td.value').waitFor();
}
