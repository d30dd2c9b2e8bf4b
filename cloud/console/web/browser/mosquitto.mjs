// A real broker outside the aggregator; `make setup` installs it.
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, listens, serve } from './processes.mjs';

const program = existsSync('/usr/sbin/mosquitto') ? '/usr/sbin/mosquitto' : 'mosquitto';

/** Starts it; resolves to { address, stop, start, close }. It comes back at the same address. */
export async function startMosquitto() {
  const dir = await mkdtemp(join(tmpdir(), 'lamppost-mosquitto-'));
  const [port] = await freePorts(1);
  await writeFile(join(dir, 'mosquitto.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 100000\n`);
  let running;
  const stop = () => running.kill();
  const start = async () => {
    running = await serve(program, ['-c', join(dir, 'mosquitto.conf')], () => listens(port));
  };
  const close = async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };
  await start();
  return { address: `tcp://127.0.0.1:${port}`, stop, start, close };
}
