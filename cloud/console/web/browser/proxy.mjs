// A TCP proxy before an aggregator, for what networks do: end connections, or keep them and carry nothing.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Starts it before a server at a URL; resolves to { url, cut, swallow, mend, close }. */
export async function startProxy(to) {
  const { hostname, port } = new URL(to);
  const pairs = new Set();
  let state = 'open';
  const server = createServer((near) => {
    if (state === 'cut') return near.destroy();
    const far = connect(Number(port), hostname);
    const pair = [near, far];
    pairs.add(pair);
    for (const [from, other] of [pair, [far, near]]) {
      from.on('data', (d) => state !== 'swallow' && other.write(d));
      from.on('error', () => from.destroy());
      from.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = () => pairs.forEach((pair) => pair.forEach((s) => s.destroy()));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Ends every connection and takes no new one. */
    cut: () => {
      state = 'cut';
      end();
    },
    /** Every connection stands, and nothing comes or goes. */
    swallow: () => (state = 'swallow'),
    /** Carries again; what was swallowed is lost, and so is what it belonged to. */
    mend: () => {
      const was = state;
      state = 'open';
      if (was === 'swallow') end();
    },
    close: async () => {
      end();
      await new Promise((done) => server.close(done));
    },
  };
}
