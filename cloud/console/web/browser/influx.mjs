// A real InfluxDB 1.8 for the tests of what a store does wrong; `make setup` leaves it in .tools/bin.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = process.env.LAMPPOST_INFLUXD ?? join(import.meta.dirname, '../../../../.tools/bin/influxd');

/** Two ports that nobody has, held at the same time so that they differ. */
async function freePorts() {
  const servers = [0, 0].map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((s) => once(s, 'listening')));
  const ports = servers.map((s) => s.address().port);
  await Promise.all(servers.map((s) => new Promise((done) => s.close(done))));
  return ports;
}

/** Starts it with a database "city"; resolves to { url, freeze, thaw, close }: frozen it takes connections and answers nothing. */
export async function startInflux() {
  if (!existsSync(program)) throw new Error('no influxd: run `make setup` first');
  const dir = await mkdtemp(join(tmpdir(), 'lamppost-influx-'));
  const [http, backup] = await freePorts();
  const address = `127.0.0.1:${http}`;
  const q = (s) => JSON.stringify(s);
  const conf = `reporting-disabled = true
bind-address = "127.0.0.1:${backup}"
[meta]
dir = ${q(join(dir, 'meta'))}
[data]
dir = ${q(join(dir, 'data'))}
wal-dir = ${q(join(dir, 'wal'))}
[http]
bind-address = ${q(address)}
flux-enabled = true
log-enabled = false
`;
  await writeFile(join(dir, 'influxd.conf'), conf);
  const child = spawn(program, ['-config', join(dir, 'influxd.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let last = '';
  child.stderr.on('data', (d) => (last = `${last}${d}`.slice(-2000)));
  const ended = once(child, 'exit');
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  const make = `${url}/query?q=${encodeURIComponent('CREATE DATABASE city WITH DURATION 90d NAME raw')}`;
  for (let tries = 0; ; tries++) {
    const answer = await fetch(make, { method: 'POST' }).catch(() => undefined);
    if (answer?.ok) break;
    if (tries > 600 || child.exitCode !== null) {
      await close();
      throw new Error(`influxd did not start: ${last}`);
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  return { url, freeze: () => child.kill('SIGSTOP'), thaw: () => child.kill('SIGCONT'), close };
}
