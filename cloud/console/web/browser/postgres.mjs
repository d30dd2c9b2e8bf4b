// A real PostgreSQL that listens on a Unix socket of its own; `make setup` installs it.
import { execFile } from 'node:child_process';
import { chownSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serve } from './processes.mjs';

const run = promisify(execFile);
/** Who it runs as when the tests run as root, which it refuses. */
const nobody = 65534;

function programs() {
  const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return `/usr/lib/postgresql/${versions[0]}/bin`;
}

/** The processes whose parent this one is. */
function children(parent) {
  return readdirSync('/proc').filter((pid) => {
    try {
      const stat = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
      // pid (name) state parent …; a name may hold anything but ends with the last ")".
      return stat.slice(stat.lastIndexOf(')') + 1).split(' ')[2] === String(parent);
    } catch {
      return false; // it has ended
    }
  });
}

/** Starts it; resolves to { url, freeze, thaw, close }: frozen it keeps its connections and answers nothing. */
export async function startPostgres() {
  const bin = programs();
  // A socket's path has little room, so this is a short one.
  const dir = await mkdtemp(join(tmpdir(), 'pg-'));
  const as = process.getuid() === 0 ? { uid: nobody, gid: nobody } : {};
  if (as.uid) chownSync(dir, nobody, nobody);
  const options = { ...as, cwd: dir };
  const data = join(dir, 'data');
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'lamppost', '--auth=trust', '-E', 'UTF8', '--no-locale', '--no-sync'], options);
  const ready = () => run(join(bin, 'pg_isready'), ['-h', dir, '-q'], options).then(() => true, () => false);
  const server = await serve(join(bin, 'postgres'), ['-D', data, '-k', dir, '-c', 'listen_addresses='], ready, options);
  const signal = (what) => {
    server.child.kill(what); // first: it makes no more
    for (const pid of children(server.child.pid)) {
      try {
        process.kill(Number(pid), what);
      } catch (e) {
        if (e.code !== 'ESRCH') throw e; // else it has ended meanwhile
      }
    }
  };
  const close = async () => {
    signal('SIGKILL');
    await server.kill();
    await rm(dir, { recursive: true, force: true });
  };
  const url = `postgres://lamppost@/postgres?host=${encodeURIComponent(dir)}`;
  return { url, freeze: () => signal('SIGSTOP'), thaw: () => signal('SIGCONT'), close };
}
