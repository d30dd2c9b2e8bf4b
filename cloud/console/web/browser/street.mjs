// The whole street in a real browser: starts what `make run` starts, opens the
// console and demands that within a minute every simulated device shows live
// values with unit, quality and age, and that the cloudburst raises an alert
// without a reload. With an argument it leaves a picture there, taken a little
// later, when the underpass is flooded as well.
//
//   node browser/street.mjs [picture.png]
import assert from 'node:assert/strict';
import { launch } from './harness.mjs';
import { startStreet } from './streetrig.mjs';

const picture = process.argv[2];
const devices = ['river', 'weather', 'cabinet', 'air', 'underpass', 'pump', 'gauge'];

const street = await startStreet();
try {
  await look(street.url);
} finally {
  assert.equal(await street.stop(), 0, 'the street stops cleanly');
}

async function look(url) {
  const began = Date.now();
  const left = () => 60_000 - (Date.now() - began);
  const browser = await launch();
  const page = await browser.newPage({ locale: 'en-GB', viewport: { width: 1440, height: 1350 } });
  let loads = 0;
  const faults = [];
  page.on('load', () => loads++);
  page.on('pageerror', (e) => faults.push(e.message));
  await page.goto(url);
  for (const device of devices) {
    const row = page.locator(`[data-device="street-01/${device}"] tr[data-stream]`).first();
    await row.waitFor({ timeout: left() });
    await page.waitForFunction(
      (d) => {
        const tr = document.querySelector(`[data-device="street-01/${d}"] tr[data-stream]`);
        const text = (cell) => tr?.querySelector(cell)?.textContent.trim() ?? '';
        return /\d/.test(text('td.value')) && text('td.quality') !== '' && /now|ago/.test(text('time'));
      },
      device,
      { timeout: left() },
    );
  }
  console.log(`every device shows live values after ${Math.round((Date.now() - began) / 1000)} s`);
  await page.locator('li[data-alert].active').first().waitFor({ timeout: left() });
  console.log(`the first alert is on the screen after ${Math.round((Date.now() - began) / 1000)} s`);
  assert.equal(loads, 1, 'nothing was reloaded');
  if (picture) {
    await page.locator('li[data-alert].active[data-severity=orange]').first().waitFor({ timeout: 240_000 });
    await page.waitForTimeout(12_000); // until the camera has seen it too
    await page.screenshot({ path: picture });
  }
  assert.deepEqual(faults, []);
  await browser.close();
}
