// A mask and a zone drawn on a camera's last picture give the lines to paste.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, bridge, open, overflow, start } from './harness.mjs';

let env;
before(async () => {
  env = await start();
});
after(() => env.stop());

for (const size of [[1280, 900], [360, 740]]) {
  test(`drawing at ${size[0]} columns`, async () => {
    const { page, faults, close } = await open(env, `/gateways/${bridge}`, { size });
    await page.locator('[data-phase=live]').waitFor();
    await page.getByText('Draw on the last picture of gauge').click();
    await page.locator('.frame img').scrollIntoViewIfNeeded();
    await page.waitForFunction(() => document.querySelector('.frame img')?.naturalWidth > 0);
    await page.getByRole('button', { name: '+ Mask' }).click();
    const corner = page.getByRole('button', { name: /^Mask 1, corner 1,/ });
    await corner.focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
    const box = await page.locator('.frame svg').boundingBox();
    await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.6 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.7 * box.width, box.y + 0.8 * box.height);
    await page.mouse.up();
    const lines = () => page.getByRole('region', { name: 'Lines for gauge' }).textContent();
    assert.match(await lines(), /^ {4}masks:\n {6}- \[\[0\.32, 0\.3\], \[0\.6, 0\.3\], \[0\.(69|70?)\d*, 0\.(79|80?)\d*\], \[0\.3, 0\.6\]\]$/);
    await page.getByRole('button', { name: '+ Zone' }).click();
    await page.getByLabel('Name (small letters').fill('heap');
    await page.getByRole('button', { name: 'Staff gauge', exact: true }).click();
    assert.match(await lines(), /\n {4}zones:\n {6}heap: \[\[.*\n {4}staff: \{marks: \[\[0\.5, 0\.2, 2\], \[0\.5, 0\.8, 1\]\], width: 0\.05\}$/);
    assert.deepEqual(await axe(page), []);
    assert.ok((await overflow(page)) <= 0, 'it fits');
    if (process.env.PICTURES) await page.locator('section[aria-labelledby=gateway-drawing]').screenshot({ path: `${process.env.PICTURES}/console-${size[0]}.png` });
    assert.deepEqual(faults, []);
    await close();
  });
}
