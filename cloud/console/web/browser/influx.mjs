// A real InfluxDB 1.8 for the tests of what a store does wrong; `make setup` leaves it in .tools/bin.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, serve } from './processes.mjs';

const program = process.env.LAMPPOST_INFLUXD ?? join(import.meta.dirname, '../../../../.tools/bin/influxd');

/**
 * Starts it with a database "city"; resolves to { url, freeze, thaw, stop, start, close }: frozen it takes
 * connections and answers nothing, stopped it refuses them.
 */
export async function startInflux() {
  if (!existsSync(program)) throw new Error('no influxd: run `make setup` first');
  const dir = await mkdtemp(join(tmpdir(), 'lamppost-influx-'));
  const [http, backup] = await freePorts(2);
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
  const url = `http://${address}`;
  const make = `${url}/query?q=${encodeURIComponent('CREATE DATABASE city WITH DURATION 90d NAME raw')}`;
  const up = () => fetch(make, { method: 'POST' }).then((answer) => answer.ok, () => false);
  let running;
  const start = async () => {
    running = await serve(program, ['-config', join(dir, 'influxd.conf')], up);
  };
  const stop = () => running.kill();
  const close = async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };
  await start();
  return { url, freeze: () => running.child.kill('SIGSTOP'), thaw: () => running.child.kill('SIGCONT'), stop, start, close };
}
