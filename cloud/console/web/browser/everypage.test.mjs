// What holds on every page and in every dialog, whoever looks and however: WCAG 2.2 A and AA by
// axe in both languages, by day, at night and in large print; nothing is cut off at 200 % and at 400 %; large
// print is large; everything is reached by the Tab key; nothing is told by colour alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCenter } from './center.mjs';
import { axe, open, overflow } from './harness.mjs';
import { expected, focused, marks, small, tooSmall } from './laws.mjs';
import { fill, pages } from './pages.mjs';

const desk = [1440, 900];
let center;
let filled;
before(async () => {
  center = await startCenter();
  filled = await fill(center);
});
after(async () => {
  await filled?.stop?.();
  await center?.stop();
});

/** Opens every page of the list, in one tab for each person, and asks `look` what is wrong there. */
async function everywhere(storage, look, size = desk) {
  const wrong = [];
  const list = pages(filled);
  const people = [...new Set(list.map((p) => p.person))];
  for (const person of people) {
    const as = { size, storage, reducedMotion: 'reduce' };
    const { page, close } = await (person ? center.enter('/alerts', person, as) : open(center.env, '/', as));
    watch(page);
    for (const p of list.filter((l) => l.person === person)) {
      await page.setViewportSize({ width: size[0], height: size[1] });
      try {
        await go(page, p);
        for (const what of await look(page, p)) wrong.push(`${p.name}: ${what}`);
      } catch (e) {
        wrong.push(`${p.name}: ${e.message}`); // and what is wrong with the others is known, too
      }
      if (p.dialog) await page.keyboard.press('Escape');
    }
    await close();
  }
  assert.deepEqual(wrong, []);
}

const pending = new WeakMap();
/** Notes which answers a page waits for; the stream of what is new never ends. */
function watch(page) {
  const open = new Set();
  pending.set(page, open);
  page.on('request', (r) => r.resourceType() !== 'eventsource' && !/\/(events|live|stream)\b/.test(new URL(r.url()).pathname) && open.add(r));
  page.on('requestfinished', (r) => open.delete(r));
  page.on('requestfailed', (r) => open.delete(r));
}

/** Until every answer is there, and what it made is drawn. */
async function answered(page) {
  const frames = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));
  for (const end = Date.now() + 15_000, open = pending.get(page); ; ) {
    await frames();
    if (open.size === 0) {
      await frames();
      if (open.size === 0) return;
    }
    if (Date.now() > end) throw new Error(`no answer: ${[...open].map((r) => r.url())}`);
  }
}

/** Goes there as a link within the console does, and waits until the page is whole. */
async function go(page, { path, open }) {
  // By way of nowhere, so that the page is a new one.
  for (const to of ['/nowhere', path]) {
    await page.evaluate((at) => {
      history.pushState(null, '', at);
      dispatchEvent(new PopStateEvent('popstate'));
    }, to);
  }
  await page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('main .loading') && document.fonts.status === 'loaded');
  await answered(page);
  await open?.(page);
}

const wide = async (page, width, height) => {
  await page.setViewportSize({ width, height });
  const over = await settled(page);
  return over > 0 ? [`${over} px too wide at ${width}`] : [];
};

/** How far it is too wide when what follows the window has followed it. */
async function settled(page) {
  let over = 0;
  for (let i = 0; i < 20; i++) {
    over = await overflow(page);
    if (over <= 0) return 0;
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  }
  return over;
}

for (const language of ['zh', 'en']) {
  test(`by day: no violation, targets of 24 pixels, whole at 200 % and 400 %, 44 pixels on a phone: ${language}`, async () => {
    await everywhere({ language, theme: 'light' }, async (page) => [
      ...(await axe(page)),
      ...(await small(page, 24)),
      ...(await wide(page, 640, 512)),
      ...(await wide(page, 320, 256)),
      ...(await wide(page, 360, 740)),
      ...(await small(page, 44, '.button, .field, nav a, summary')),
    ]);
  });

  test(`at night: no violation: ${language}`, () => everywhere({ language, theme: 'dark' }, axe));

  test(`in large print: no violation, 18 points, controls of 60 pixels, whole on a tablet and a phone: ${language}`, async () => {
    await everywhere({ language, theme: 'light', size: 'large' }, async (page) => [
      ...(await axe(page)),
      ...(await tooSmall(page)),
      ...(await small(page, 60, '.button:not(.leaflet-container *), .field, header.screen nav a')),
      ...((await settled(page)) > 0 ? ['too wide at 1440'] : []),
      ...(await wide(page, 820, 1180)),
      ...(await wide(page, 360, 740)),
      ...(await wide(page, 320, 640)),
    ]);
  });
}

test('the Tab key reaches everything, in order and seen, the skip link first', async () => {
  await everywhere({ language: 'en', theme: 'light' }, async (page, { dialog }) => {
    const wrong = [];
    const n = await expected(page);
    const reached = [];
    const most = 2 * n + 20; // a trap would go round for ever
    for (let i = 0; i < most && reached.length < n; i++) {
      await page.keyboard.press('Tab');
      const at = await focused(page);
      if (!at) {
        if (dialog) continue; // the browser's own place between the last and the first
        break;
      }
      if (!dialog && i === 0 && !at.skip) wrong.push(`first is ${at.what}`);
      if (!at.seen) wrong.push(`one does not see the focus on ${at.what}`);
      if (at.hidden) wrong.push(`the header hides ${at.what}`);
      if (at.stop >= 0 && !reached.includes(at.stop)) reached.push(at.stop);
    }
    const all = [...Array(n).keys()];
    // A dialog begins with what it asks for.
    const order = dialog ? [...reached].sort((a, b) => a - b) : reached;
    if (order.join() !== all.join()) wrong.push(`reached ${order.length} of ${n}: ${order.join(' ')}`);
    return wrong;
  });
});

for (const theme of ['light', 'dark']) {
  test(`severities differ in shape, and are seen in grey: ${theme}`, async () => {
    const shapes = new Map();
    await everywhere({ language: 'en', theme }, async (page) => {
      const found = await marks(page);
      for (const m of found) shapes.set(m.shape, (shapes.get(m.shape) ?? new Set()).add(m.path));
      return found.filter((m) => m.edge < 3 || m.sign < 3).map((m) => `${m.shape} has a contrast of ${m.edge.toFixed(1)} and ${m.sign.toFixed(1)} in grey`);
    });
    assert.ok(shapes.size >= 4, `${[...shapes.keys()]}`);
    const paths = [...shapes.values()].flatMap((s) => [...s]);
    assert.equal(new Set(paths).size, paths.length, 'two severities of one shape');
  });
}
