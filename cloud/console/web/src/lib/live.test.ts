import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openLive, type Phase } from './live';

/** A server whose connections the test holds in its hands. */
function server() {
  const encoder = new TextEncoder();
  const requests: { lastId: string | null; send(text: string): void; end(): void }[] = [];
  let refusing = false;
  const get = (async (_url: string, init: RequestInit) => {
    if (refusing) throw new TypeError('refused');
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (c) => void (controller = c) });
    init.signal!.addEventListener('abort', () => controller.error(new Error('aborted')));
    requests.push({
      lastId: new Headers(init.headers).get('Last-Event-ID'),
      send: (text) => controller.enqueue(encoder.encode(text)),
      end: () => controller.close(),
    });
    return new Response(body);
  }) as typeof fetch;
  return { requests, get, refuse: (on: boolean) => (refusing = on) };
}

function follow(get: typeof fetch) {
  const log = { events: [] as string[], phases: [] as Phase[], opened: [] as number[], alive: 0 };
  const close = openLive({
    url: '/stream',
    fetch: get,
    onEvent: (e) => log.events.push(`${e.event} ${e.data}`),
    onAlive: () => log.alive++,
    onOpen: (ms) => log.opened.push(ms),
    onPhase: (p) => log.phases.push(p),
  });
  return { log, close };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});
const wait = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

test('events arrive, heartbeats count as life', async () => {
  const s = server();
  const { log, close } = follow(s.get);
  await wait();
  s.requests[0]!.send('event: values\ndata: 1\n\n');
  s.requests[0]!.send(': heartbeat\n\n');
  await wait();
  expect(log).toEqual({ events: ['values 1'], phases: ['connecting', 'live'], opened: [Infinity], alive: 2 });
  close();
});

test('after a break it comes back by itself and resumes where it was', async () => {
  const s = server();
  const { log, close } = follow(s.get);
  await wait();
  s.requests[0]!.send('id: 42\ndata: x\n\n');
  await wait();
  s.requests[0]!.end();
  await wait(1000);
  expect(s.requests.map((r) => r.lastId)).toEqual([null, '42']);
  expect(log.phases).toEqual(['connecting', 'live', 'reconnecting', 'live']);
  expect(log.opened[1]).toBeLessThan(1000);
  close();
});

test('a break before the first event leaves nothing to resume after, however short it was', async () => {
  const s = server();
  const { log, close } = follow(s.get);
  await wait();
  s.requests[0]!.end();
  await wait(1000);
  expect(s.requests.map((r) => r.lastId)).toEqual([null, null]);
  expect(log.opened).toEqual([Infinity, Infinity]);
  close();
});

test('a long break is called offline, and says how long it was', async () => {
  const s = server();
  const { log, close } = follow(s.get);
  await wait();
  s.requests[0]!.send('id: 1\ndata: x\n\n');
  await wait();
  s.refuse(true);
  s.requests[0]!.end();
  await wait(60_000);
  expect(log.phases).toEqual(['connecting', 'live', 'reconnecting', 'offline']);
  s.refuse(false);
  await wait(10_000);
  expect(log.phases.at(-1)).toBe('live');
  expect(log.opened[1]).toBeGreaterThan(59_000);
  close();
});

test('a server that was never there is offline too', async () => {
  const s = server();
  s.refuse(true);
  const { log, close } = follow(s.get);
  await wait(9000);
  expect(log.phases).toEqual(['connecting', 'offline']);
  close();
});

test('a connection that says nothing is dead', async () => {
  const s = server();
  const { log, close } = follow(s.get);
  await wait(39_000);
  expect(s.requests).toHaveLength(1);
  await wait(3000);
  expect(s.requests).toHaveLength(2);
  expect(log.phases).toEqual(['connecting', 'live', 'reconnecting', 'live']);
  close();
});

test('closing ends it for good', async () => {
  const s = server();
  const { close } = follow(s.get);
  await wait();
  close();
  await wait(120_000);
  expect(s.requests).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('a refusal is told each time, and it tries on until it is closed', async () => {
  const told: number[] = [];
  const get = (async () => new Response('{}', { status: told.length === 0 ? 401 : 403 })) as typeof fetch;
  const close = openLive({
    url: '/stream',
    fetch: get,
    onEvent: () => undefined,
    onAlive: () => undefined,
    onOpen: () => undefined,
    onPhase: () => undefined,
    onRefused: (answer) => told.push(answer.status),
  });
  await wait(2000);
  expect(told.slice(0, 2)).toEqual([401, 403]);
  close();
  const asked = told.length;
  await wait(60_000);
  expect(told).toHaveLength(asked);
});
