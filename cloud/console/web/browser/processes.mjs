// What the rigs of real servers share: free ports, and a process that is ended with all it has left.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Ports that nobody has, held at the same time so that they differ. */
export async function freePorts(n) {
  const servers = Array.from({ length: n }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((s) => once(s, 'listening')));
  const ports = servers.map((s) => s.address().port);
  await Promise.all(servers.map((s) => new Promise((done) => s.close(done))));
  return ports;
}

/**
 * Starts a server and waits until `up` resolves to true; resolves to { child, kill }. What it said
 * last stands in the error when it does not come up.
 */
export async function serve(program, args, up, options = {}) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  let last = '';
  child.stderr.on('data', (d) => (last = `${last}${d}`.slice(-2000)));
  const ended = once(child, 'exit').catch((e) => (last = String(e)));
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  for (let tries = 0; !(await up()); tries++) {
    if (tries > 600 || child.exitCode !== null || child.pid === undefined) {
      await kill();
      throw new Error(`${program} did not start: ${last}`);
    }
    await pause(200);
  }
  return { child, kill };
}

/** Whether somebody listens at a port. */
export async function listens(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
