// The gateway's camera page in a real browser: starts a gateway with a camera, gives the PIN
// that the gateway printed, draws a mask with the mouse, saves, and demands that the
// configuration has it, everything else in it as before, and that the next picture is black
// there. Also: what the check refuses is shown with its line, a file that somebody else has
// changed is not overwritten, a number outside the picture is not taken, what a mask hides is
// not shown again unasked, the page can be used by keyboard, fits a phone, also before the
// first picture, and breaks no rule of axe's. With an argument it leaves pictures in that folder.
//
//   node browser/calibrate.mjs [folder]
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { axe, overflow } from './harness.mjs';

const root = join(import.meta.dirname, '../../../..');
const pictures = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), 'calibrate-'));
const file = join(folder, 'gateway.yaml');
/** A detector that finds the same car in every picture. */
const findsACar = `import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "found": [{"class": "car", "score": 0.83, "box": [0.7, 0.5, 0.9, 0.7]}]}), flush=True)
`;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const camera = await startCamera();
const gateway = await startGateway(camera.url);
const began = Date.now();
try {
  await look();
  console.log(`the camera page holds: ${((Date.now() - began) / 1000).toFixed(1)} s`);
} finally {
  gateway.child.kill('SIGTERM');
  await gateway.ended;
  camera.close();
  await browser.close();
  rmSync(folder, { recursive: true });
}

/** A camera: a scene that is never twice the same, as JPEG. */
async function startCamera() {
  const page = await browser.newPage({ viewport: { width: 640, height: 480 } });
  await page.setContent(`<body style="margin:0;background:linear-gradient(#9fc6e8 0 45%,#6f8f5b 45% 70%,#3c6e8f 70%)">
    <div style="position:absolute;left:60px;top:90px;width:150px;height:130px;background:#b98b62;border:6px solid #5c4630"></div>
    <div style="position:absolute;left:322px;top:60px;width:34px;height:400px;background:repeating-linear-gradient(#fff 0 20px,#c22 20px 40px)"></div>
    <div id=n style="position:absolute;right:8px;bottom:6px;font:bold 28px monospace;color:#fff"></div>`);
  let n = 0;
  const server = createServer(async (_, answer) => {
    const jpeg = await page
      .evaluate((n) => (document.querySelector('#n').textContent = String(n)), n++)
      .then(() => page.screenshot({ type: 'jpeg', quality: 90 }))
      .catch(() => undefined); // the test ends
    answer.writeHead(jpeg ? 200 : 503, { 'Content-Type': 'image/jpeg' }).end(jpeg);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}/still.jpg`, close: () => server.close() };
}

/** The gateway, and what it says when it starts. */
async function startGateway(url) {
  const detector = join(folder, 'car.py');
  writeFileSync(detector, findsACar);
  writeFileSync(
    file,
    `# the yard
gateway: {id: bridge-07, language: en}
journal: {dir: ${join(folder, 'journal')}, size: 64MB, commit: 1s}
status: {listen: "127.0.0.1:0"} # for the test
devices:
  # by the gate
  yard:
    driver: camera
    url: "${url}"
    every: 20s # seldom: the page asks for more
    measure: [motion]
    detector: {program: [/usr/bin/python3, "${detector}"], find: {car: 0.5}}
    # nothing is masked yet
`,
  );
  const child = spawn(process.env.LAMPPOST ?? join(root, 'bin/lamppost'), ['run', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let errors = '';
  child.stderr.on('data', (b) => (errors += b));
  const said = {};
  for await (const line of createInterface({ input: child.stdout })) {
    said.page ??= /^status (\S+)/.exec(line)?.[1];
    said.pin ??= /^pin (\d{8}) /.exec(line)?.[1];
    if (said.page && said.pin) return { child, ended, ...said, errors: () => errors };
  }
  throw new Error(`the gateway ended without a page or a PIN:\n${errors}`);
}

async function look() {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults = [];
  page.on('pageerror', (e) => faults.push(e.message));
  page.on('console', (m) => {
    if (m.type() === 'error' && !/40[13]/.test(m.text())) faults.push(m.text());
  });
  await page.goto(gateway.page);
  await page.getByRole('link', { name: 'Picture, masks and zones' }).click();
  await enter(page);
  await seeBox(page);
  await drawMask(page);
  await seeBlack(page);
  await sayItIsTheView(page);
  await page.reload(); // the session lasts
  await page.locator('#still[src^=blob]').waitFor();
  await page.getByRole('button', { name: 'Zone zone1', exact: true }).click();
  await shoot(page, 'wide.png');
  await beRefused(page);
  await stayInside(page);
  await keepAnothersEdit(page);
  assert.deepEqual(await axe(page), [], 'axe');
  await page.setViewportSize({ width: 360, height: 740 });
  assert.ok((await overflow(page)) <= 0, 'it fits a phone');
  await shoot(page, 'phone.png');
  await page.getByRole('button', { name: '中文' }).click();
  await shoot(page, 'phone-zh.png');
  await seeWhatIsFocused(page);
  await askBeforeUncovering(page);
  await waitWithRoom(page);
  await lockOut(page);
  assert.deepEqual(faults, []);
}

async function shoot(page, name) {
  if (pictures) await page.screenshot({ path: join(pictures, name), fullPage: true });
}

/** A wrong PIN opens nothing, the right one does. */
async function enter(page) {
  await page.locator('#pin').fill(gateway.pin === '12345678' ? '87654321' : '12345678');
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('4 tries left').waitFor();
  assert.ok(await page.locator('#work').isHidden(), 'nothing is shown without the PIN');
  assert.deepEqual(await axe(page), [], 'axe, of the door');
  await page.locator('#pin').fill(gateway.pin);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.locator('#still[src^=blob]').waitFor();
}

/** One click says that the camera's view is another one now; it is saved as a word of the configuration. */
async function sayItIsTheView(page) {
  await page.getByRole('button', { name: 'This is the view now' }).click();
  await page.getByText('Saved as a new view').waitFor();
  await page.getByRole('button', { name: 'Check and save' }).click();
  await page.getByText('The gateway runs with it.').waitFor();
  assert.match(readFileSync(file, 'utf8'), /^ {4}view: "20\d\d-\d\d-\d\dT[\d:]+Z"$/m);
}

/** What the detector finds is drawn, with its score. */
async function seeBox(page) {
  const box = page.locator('#draw .found');
  await box.getByText('car 83 %').waitFor();
  assert.deepEqual(
    await box.locator('rect.i').evaluate((r) => ['x', 'y', 'width', 'height'].map((k) => Math.round(Number(r.getAttribute(k))))),
    [448, 240, 128, 96],
  );
}

/** A mask is put over the house with mouse and keyboard, and saved. */
async function drawMask(page) {
  await page.getByRole('button', { name: '+ Mask' }).click();
  const box = await page.locator('#draw').boundingBox();
  const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
  const drag = async (from, to) => {
    await page.mouse.move(...at(...from));
    await page.mouse.down();
    await page.mouse.move(...at((from[0] + to[0]) / 2, (from[1] + to[1]) / 2));
    await page.mouse.move(...at(...to));
    await page.mouse.up();
  };
  await drag([0.3, 0.3], [0.08, 0.16]);
  await drag([0.6, 0.3], [0.36, 0.16]);
  await drag([0.6, 0.6], [0.36, 0.49]);
  await drag([0.3, 0.6], [0.1, 0.5]);
  const last = page.getByRole('button', { name: /^Mask 1, corner 4,/ });
  await last.focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowLeft');
  assert.match(await last.getAttribute('aria-label'), /x 0\.08/);
  await page.getByRole('spinbutton', { name: 'corner 4, y' }).fill('0.49');
  await page.getByRole('button', { name: '+ Staff gauge' }).click();
  await page.getByRole('spinbutton', { name: 'mark 1, level' }).fill('3');
  await page.getByRole('spinbutton', { name: 'mark 2, level' }).fill('1.5');
  await page.getByRole('spinbutton', { name: 'mark 1, x' }).fill('0.53');
  await page.getByRole('spinbutton', { name: 'mark 2, x' }).fill('0.53');
  await page.getByRole('button', { name: '+ Zone' }).click();
  const before = readFileSync(file, 'utf8');
  await page.getByRole('button', { name: 'Check and save' }).click();
  await page.getByText('The gateway runs with it.').waitFor();
  const now = readFileSync(file, 'utf8');
  const [head, tail] = before.split('    # nothing is masked yet\n');
  assert.ok(now.startsWith(head) && now.endsWith(`    # nothing is masked yet\n${tail}`), `everything else is as before:\n${now}`);
  const mask = /^ {6}- \[\[0\.0[78]\d*, 0\.1[56]\d*\], \[0\.3[567]\d*, 0\.1[56]\d*\], \[0\.3[567]\d*, 0\.4[89]\d*\], \[0\.0[78]\d*, 0\.49\]\]$/m;
  assert.match(now, mask);
  assert.match(now, /^ {4}staff: \{marks: \[\[0\.53, 0\.2, 3\], \[0\.53, 0\.8, 1\.5\]\], width: 0\.05\}$/m);
  assert.equal(readFileSync(`${file}.before`, 'utf8'), before, 'the file as it was is kept');
}

/** The house is black in the picture that the gateway gives now; the sky is not. */
async function seeBlack(page) {
  await page.waitForFunction(() => {
    const img = document.querySelector('#still');
    const c = document.createElement('canvas');
    [c.width, c.height] = [img.naturalWidth, img.naturalHeight];
    const g = c.getContext('2d');
    g.drawImage(img, 0, 0);
    const light = (x, y) => Math.max(...g.getImageData(x * c.width, y * c.height, 1, 1).data.slice(0, 3));
    const house = [[0.12, 0.22], [0.2, 0.3], [0.3, 0.44]].map(([x, y]) => light(x, y));
    return house.every((v) => v < 12) && light(0.7, 0.1) > 100;
  });
}

/** What the check refuses is shown with its place, and nothing is written. */
async function beRefused(page) {
  const before = readFileSync(file, 'utf8');
  await page.getByLabel('name (small letters, digits, _)').fill('Der Hof');
  await page.getByRole('button', { name: 'Check and save' }).click();
  await page.getByText('check says no').waitFor();
  const said = await page.locator('#told pre').textContent();
  assert.match(said, /gateway\.yaml:\d+:\d+/);
  assert.match(said, /cannot be part of a channel's name/);
  assert.equal(readFileSync(file, 'utf8'), before);
  await page.getByRole('button', { name: 'Undo changes' }).click();
}

/** Somebody edits the file while the page is open: it is not overwritten. */
async function keepAnothersEdit(page) {
  const edited = `${readFileSync(file, 'utf8')}# somebody was here\n`;
  writeFileSync(file, edited);
  await page.getByRole('button', { name: '+ Zone' }).click();
  await page.getByRole('button', { name: 'Check and save' }).click();
  await page.getByText('Somebody has changed the configuration meanwhile').waitFor();
  assert.equal(readFileSync(file, 'utf8'), edited);
  assert.match(await page.locator('#paste').inputValue(), /^ {4}masks:\n[^]* {6}zone2: \[\[/m);
}

/** A corner outside the picture is neither taken nor quietly moved: it is said, and not saved. */
async function stayInside(page) {
  const before = readFileSync(file, 'utf8');
  const x = page.getByRole('spinbutton', { name: 'corner 1, x' });
  const was = await x.inputValue();
  const lines = await page.locator('#paste').inputValue();
  await x.fill('7');
  assert.equal(await x.getAttribute('aria-invalid'), 'true');
  assert.equal(await page.locator('label:has([aria-invalid=true]) small').textContent(), '0 to 1');
  assert.equal(await page.locator('#paste').inputValue(), lines, 'the drawing is as it was');
  await page.getByRole('button', { name: '+ Corner' }).click(); // something to save
  await page.getByRole('spinbutton', { name: 'corner 1, x' }).fill('-0.1');
  assert.deepEqual(await axe(page), [], 'axe, of a wrong number');
  await shoot(page, 'outside.png');
  await page.getByRole('button', { name: 'Check and save' }).click();
  await page.getByText('A number in the list is outside the picture').waitFor();
  assert.equal(readFileSync(file, 'utf8'), before);
  await page.getByRole('spinbutton', { name: 'corner 1, x' }).fill(was);
  assert.equal(await page.locator('[aria-invalid=true]').count(), 0);
  await page.getByRole('button', { name: 'Undo changes' }).click();
}

/** Who deletes a mask is asked, and told where it was; a no saves nothing. */
async function askBeforeUncovering(page) {
  const before = readFileSync(file, 'utf8');
  await page.evaluate(() => localStorage.setItem('lamppostLang', 'en'));
  page.once('dialog', (d) => d.accept()); // the drawing is not saved: leave it
  await page.reload();
  await page.locator('#still[src^=blob]').waitFor();
  const asked = async (how, act) => {
    const said = new Promise((told) => page.once('dialog', (d) => told(d.message()) ?? d[how]()));
    await act();
    return said;
  };
  const save = () => page.getByRole('button', { name: 'Check and save' }).click();
  await page.getByRole('button', { name: 'Delete Mask 1', exact: true }).click();
  let said = await asked('dismiss', save);
  assert.match(said, /will be seen again[^]*– Mask 1: upper left, (9|10|11) % of the picture[^]*No mask is left/);
  assert.equal(readFileSync(file, 'utf8'), before, 'a no saves nothing');
  await page.getByRole('button', { name: 'Undo changes' }).click();
  await page.getByRole('spinbutton', { name: 'corner 2, x' }).fill('0.2');
  await page.getByRole('spinbutton', { name: 'corner 3, x' }).fill('0.2');
  said = await asked('dismiss', save);
  assert.match(said, /– a part of Mask 1: upper left, \d % of the picture/);
  assert.doesNotMatch(said, /No mask is left/);
  await page.getByRole('button', { name: 'Delete Mask 1', exact: true }).click();
  await asked('accept', save);
  await page.getByText('The gateway runs with it.').waitFor();
  assert.doesNotMatch(readFileSync(file, 'utf8'), /- \[\[0\.0/, 'a yes saves it');
}

/** On a small screen the picture stays above: nothing that is reached with the keyboard is below it. */
async function seeWhatIsFocused(page) {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.locator('#frame.held').waitFor();
  let seen = 0;
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press(key);
      const covered = await page.evaluate(() => {
        const focused = document.activeElement;
        if (!focused || focused === document.body || focused.closest('#frame')) return undefined;
        return document.querySelector('#frame').getBoundingClientRect().bottom - focused.getBoundingClientRect().top;
      });
      if (covered === undefined) continue;
      const above = await page.evaluate(() => !!document.activeElement.closest('header') || window.scrollY === 0);
      seen++;
      assert.ok(covered <= 0 || above, `${key} ${i}: ${covered} px of ${await page.evaluate(() => document.activeElement.textContent)} are below the picture`);
    }
  }
  assert.ok(seen > 40, `${seen} places were reached`);
  await page.setViewportSize({ width: 360, height: 740 });
}

/** Before the first picture there is room to draw, and it is said what is waited for. */
async function waitWithRoom(page) {
  await page.route('**/still', () => {}); // it never comes
  await page.reload();
  await page.getByText('waiting for the camera').waitFor();
  const box = await page.locator('#draw').boundingBox();
  assert.ok(box.width > 300 && box.height > 0.7 * box.width, `${box.width} x ${box.height}`);
  assert.ok((await overflow(page)) <= 0, 'it fits a phone while it waits');
  await shoot(page, 'waiting.png');
}

/** Five wrong PINs close the door, which says for how long; the right one does not help then. */
async function lockOut(page) {
  await page.unroute('**/still');
  await page.getByRole('button', { name: 'Close (forget the PIN)' }).click();
  const give = async (pin) => {
    await page.locator('#pin').fill(pin);
    const answered = page.waitForResponse('**/camera/enter');
    await page.getByRole('button', { name: 'Open' }).click();
    return (await answered).status();
  };
  const wrong = gateway.pin === '12345678' ? '87654321' : '12345678';
  for (let n = 4; n > 0; n--) {
    assert.equal(await give(wrong), 403);
    await page.getByText(`This is not the PIN. ${n} ${n === 1 ? 'try' : 'tries'} left.`).waitFor();
  }
  assert.equal(await give(wrong), 403);
  await page.getByText('Too many wrong tries. The next one counts in 60 s.').waitFor();
  await page.getByRole('button', { name: /^Open · 5\d s$/, disabled: true }).waitFor(); // it counts down
  const right = await page.evaluate(
    (pin) => fetch('/camera/enter', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ pin }) }).then((r) => r.status),
    gateway.pin,
  );
  assert.equal(right, 403, 'the right PIN waits, too');
  assert.ok(await page.locator('#work').isHidden(), 'nothing is shown');
  await shoot(page, 'locked.png');
}
