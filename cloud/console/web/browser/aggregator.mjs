// A real aggregator with accounts, for the tests of what a stand-in would only claim:
// passwords, sessions, one-time codes. `make build` leaves it in bin/.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = process.env.LAMPPOST_CLOUD ?? join(import.meta.dirname, '../../../../bin/lamppost-cloud');

/** Starts it on free ports and resolves to { url, password, close }: the admin's first password. */
export async function startAggregator({ accounts = {}, more = {} } = {}) {
  if (!existsSync(program)) throw new Error('no aggregator: run `make build` first');
  const data = await mkdtemp(join(tmpdir(), 'lamppost-accounts-'));
  const settings = { listen: '127.0.0.1:0', data, mqtt: { embedded: { listen: '127.0.0.1:0' } }, accounts, ...more };
  await writeFile(join(data, 'cloud.yaml'), JSON.stringify(settings)); // JSON is YAML
  const child = spawn(program, ['serve', '--config', join(data, 'cloud.yaml')], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  child.stderr.on('data', (d) => said.push(String(d)));
  const ended = once(child, 'exit');
  const close = async () => {
    child.kill('SIGINT');
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, ...rest] = line.split(' ');
    found[what] = rest;
    if (what === 'console') break;
  }
  if (!found.account || !found.console) {
    await close();
    throw new Error(`the aggregator did not start:\n${said.join('')}`);
  }
  return { url: found.console[0], password: found.account[1], close };
}

/**
 * Asks its API as a person with a session: log in, then change things. What it resolves to
 * posts below /auth; its `call` takes any method and path, and a body that is sent as it is
 * when it is a text.
 */
export async function logIn(url, person, password) {
  let cookie = '';
  let csrf = '';
  const call = async (method, path, body, more = {}) => {
    const type = typeof body === 'string' ? 'text/csv' : 'application/json';
    const headers = { 'Content-Type': type, Cookie: cookie, 'X-CSRF-Token': csrf, ...more };
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(`${url}/api/v1${path}`, { method, headers, body: sent });
    const set = answer.headers.get('Set-Cookie');
    if (set) cookie = set.split(';')[0];
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(told)}`);
    csrf = told.csrf ?? told.me?.csrf ?? csrf;
    return told;
  };
  const ask = (path, body) => call('POST', `/auth${path}`, body);
  ask.call = call;
  await ask('/login', { person, password });
  return ask;
}

/** The one-time code of a secret in base32 at a time in ms (RFC 6238: SHA-1, 30 s, six digits). */
export function oneTimeCode(secret, at) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}
