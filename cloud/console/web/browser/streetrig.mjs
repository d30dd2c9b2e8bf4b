// The street of `make run`, for tests in a browser: simulated sensors, a gateway, the aggregator.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const program = process.env.LAMPPOST_STREET ?? join(import.meta.dirname, '../../../../bin/street');

/** Starts it and resolves to { url, stop }; stop resolves to the code that it ends with. */
export async function startStreet(args = []) {
  if (!existsSync(program)) throw new Error('no street: run `make build` first');
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  // Read on to the end: a pipe that is full would hold it up.
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((found, failed) => {
    lines.on('line', (line) => {
      const address = /console\b.*?(http:\S+)/.exec(line);
      if (address) found(address[1]);
    });
    lines.on('close', () => failed(new Error('the street ended before it said where its console is')));
  });
  const stop = async () => {
    child.kill('SIGINT');
    return (await ended)[0];
  };
  return { url, stop };
}

/**
 * Kills a program of the street that is kept in a directory, as the kernel would, and again whenever it
 * comes back, until what is waited for has come.
 */
export async function keepDown(dir, name, until) {
  let over = false;
  const end = until.finally(() => (over = true));
  let killed = 0;
  while (!over) {
    for (const pid of await pidsBelow(dir, name)) {
      process.kill(pid, 'SIGKILL');
      killed++;
    }
    await Promise.race([end, pause(100)]);
  }
  await end;
  if (killed === 0) throw new Error(`no ${name} runs below ${dir}`);
}

async function pidsBelow(dir, name) {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((p) => /^\d+$/.test(p))) {
    const [path, ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (path.endsWith(`/${name}`) && args.some((a) => a.startsWith(dir)) && !/\) Z /.test(stat)) found.push(Number(pid));
  }
  return found;
}
