// Pictures of pages, small: WebP as Chromium writes it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the page shows now, as a WebP of this quality. */
export async function webp(page, quality = 60, more = {}) {
  const cdp = await page.context().newCDPSession(page);
  const { data } = await cdp.send('Page.captureScreenshot', { format: 'webp', quality, ...more });
  await cdp.detach();
  return Buffer.from(data, 'base64');
}

/** Leaves a picture in the directory that LAMPPOST_SHOTS names; without one, nothing. */
export async function shot(page, name) {
  const dir = process.env.LAMPPOST_SHOTS;
  if (dir) await writeFile(join(dir, `${name}.webp`), await webp(page));
}
