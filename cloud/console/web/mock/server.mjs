// A stand-in for the aggregator: the console's API with invented data, live
// events, and switches that tests can throw. For development and tests only.
//
//   node mock/server.mjs [--port 8099] [--gateways 2] [--dist ../dist]
//
// With --dist it also serves the built console, with the security headers of the
// real thing. POST /mock/… throws switches, see `switches` below.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { parseArgs } from 'node:util';
import { areaPage, areaDetail } from './areas.mjs';
import { demoGround } from './ground.mjs';
import { catalogue, gapsOf, makeAlert, makeAlerts, makeCity, newest, series, still } from './street.mjs';

const csp =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** Starts the mock and resolves to { url, close, state }. */
export async function startMock({ port = 0, gateways = 2, dist = '', ground = undefined } = {}) {
  const start = Date.now();
  const city = makeCity({ count: gateways, start });
  const state = {
    start,
    ground,
    ...city,
    alerts: gateways > 0 ? makeAlerts(start) : new Map(),
    clients: new Set(),
    refuse: false,
    next: 1,
    raised: 1000,
    pageAtMost: 1000,
    ill: new Set(), // checks of /healthz that fail
    late: new Set(gateways > 0 ? ['still-after'] : []), // pictures that have not come yet
    seen: [],
  };
  const server = createServer((q, a) => {
    handle(state, dist, q, a).catch((e) => send(a, 500, { error: { id: 'E.mock', text: { en: String(e) } } }));
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  const timers = [setInterval(() => tick(state), 1000), setInterval(() => broadcastRaw(state, ': ok\n\n'), 15000)];
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    state,
    close: () => {
      timers.forEach(clearInterval);
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

function send(a, status, body, headers = {}) {
  a.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
  a.end(JSON.stringify(body));
}

function broadcastRaw(state, text) {
  for (const c of state.clients) c.write(text);
}

function broadcast(state, event, data) {
  broadcastRaw(state, `id: ${state.next++}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Each second: what was due in it. */
function tick(state) {
  if (state.clients.size === 0) return;
  const now = Date.now();
  const values = [];
  for (const s of state.streams.values()) {
    if (!state.gateways.get(s.gateway)?.online) continue;
    const due = Math.floor(now / s.every_ms) * s.every_ms;
    if (due > now - 1000 && due <= now) {
      const v = newest(s, now, state.start);
      if (v.t === due) values.push(v);
    }
  }
  if (values.length > 0) broadcast(state, 'values', { values });
  for (const c of cameras(state)) if (now - c.t < 1000) broadcast(state, 'image', c);
}

function cameras(state) {
  const t = Math.floor(Date.now() / 20000) * 20000;
  const g = 'hz-gongshu-bridge-07';
  return state.gateways.has(g) ? [{ gateway: g, device: 'gauge', image: `still-${t}`, t }] : [];
}

function stream(state, q, a) {
  a.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  a.write(`event: hello\ndata: ${JSON.stringify({ now: Date.now() })}\n\n`);
  // It keeps nothing to replay: who comes back has to load anew.
  if (q.headers['last-event-id']) a.write('event: resync\ndata: {}\n\n');
  state.clients.add(a);
  q.on('close', () => state.clients.delete(a));
}

const switches = {
  /** Raises an alert. */
  alert(state, { severity = 'red', stage = 'actual', image = '', ago = 0 }) {
    const stream = 'hz-gongshu-bridge-07/underpass/level';
    const a = makeAlert(state.raised++, 'underpass-water', severity, stage, stream, 0.41, 0.4, Date.now() - ago, { image });
    if (image) state.late.add(image);
    state.alerts.set(a.id, a);
    broadcast(state, 'alert', a);
    return a;
  },
  /** Ends one. */
  clear(state, { id }) {
    const a = state.alerts.get(id);
    Object.assign(a, { rev: a.rev + 1, condition: 'cleared', cleared: Date.now(), at: Date.now() });
    broadcast(state, 'alert', a);
    return a;
  },
  /** Cuts all live connections and refuses new ones until told otherwise. */
  refuse(state, { on }) {
    state.refuse = on;
    if (on) for (const c of state.clients) c.destroy();
    return {};
  },
  /** The picture of an alert arrives. */
  arrive(state, { image }) {
    state.late.delete(image);
    broadcast(state, 'image', { gateway: 'hz-gongshu-bridge-07', device: 'gauge', image, t: 1 });
    return {};
  },
  /** A gateway says that the picture of an alert will never come. */
  miss(state, { image, why }) {
    for (const a of state.alerts.values()) {
      if (a.image === image || a.pictures?.some((p) => p.image === image)) a.missing = { ...a.missing, [image]: why };
    }
    broadcast(state, 'missing', { gateway: 'hz-gongshu-bridge-07', images: [image], why });
    return {};
  },
  /** A gateway reports for the first time. */
  appear(state) {
    const fresh = makeCity({ count: 1, start: state.start });
    fresh.gateways.forEach((g, id) => state.gateways.set(id, g));
    fresh.streams.forEach((s, id) => state.streams.set(id, s));
    for (const g of fresh.gateways.values()) broadcast(state, 'gateway', g);
    return {};
  },
  /** A gateway goes away, or comes back. */
  online(state, { id, on }) {
    const g = state.gateways.get(id);
    state.gateways.set(id, { ...g, online: on, since: Date.now(), last_seen: Date.now() });
    broadcast(state, 'gateway', state.gateways.get(id));
    return {};
  },
  /** Too many exports are under way, or no longer. */
  busy(state, { on }) {
    state.busy = on;
    return {};
  },
  /** Forgets what it could replay. */
  resync(state) {
    broadcastRaw(state, `id: ${state.next++}\nevent: resync\ndata: {}\n\n`);
    return {};
  },
};

async function body(q) {
  const parts = [];
  for await (const p of q) parts.push(p);
  return parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

async function acknowledge(state, id, q, a) {
  const alert = state.alerts.get(id);
  const { by = '', note = '' } = await body(q);
  if (!alert) return send(a, 404, { error: { id: 'E.alert', text: { zh: '没有这条告警', en: 'no such alert' } } });
  if (alert.acknowledged) return send(a, 409, alert);
  if (by.trim().length < 2) {
    const text = { zh: '姓名至少两个字', en: 'a name has at least two characters' };
    return send(a, 400, { error: { id: 'E.name', text, field: 'by' } });
  }
  alert.acknowledged = { by, at: Date.now(), note };
  alert.history.push({ at: Date.now(), what: 'acknowledged', by, note });
  const command = { id: `c-${id}`, gateway: alert.gateway, kind: 'acknowledge', alert: id, issued: Date.now(), until: Date.now() + 86400000, state: 'waiting', why: '' };
  alert.command = command;
  send(a, 200, alert);
  broadcast(state, 'alert', { ...alert, command: undefined });
  setTimeout(() => {
    Object.assign(command, { state: 'done', outputs: ['siren'] });
    broadcast(state, 'command', command);
  }, 300);
}

function alertList(state, query) {
  const want = query.get('state') ?? 'all';
  const list = [...state.alerts.values()]
    .filter((x) => want === 'all' || (x.condition === 'active') === (want === 'active'))
    .sort((x, y) => y.at - x.at);
  const from = Number(query.get('after') ?? 0);
  const to = from + Math.min(Number(query.get('limit') ?? 200), state.pageAtMost);
  return { alerts: list.slice(from, to).map(({ history, ...rest }) => rest), next: to < list.length ? String(to) : undefined };
}

function apiSeries(state, query, a) {
  const s = state.streams.get(['gateway', 'device', 'channel'].map((k) => query.get(k)).join('/'));
  if (!s) return send(a, 404, { error: { id: 'E.stream', text: { zh: '没有这个测点', en: 'no such stream' } } });
  const n = (k) => Number(query.get(k));
  return send(a, 200, series(s, n('from'), Math.min(n('to'), Date.now()), n('max'), state.start));
}

/** A table of names only; refused while the switch says so. */
function exportFile(state, query, a) {
  if (state.busy) return send(a, 429, { error: { id: 'E7121', text: { zh: '忙', en: 'busy' } } }, { 'Retry-After': '15' });
  const end = query.get('format');
  const name = query.get('s').replaceAll('/', '_');
  a.writeHead(200, { 'Content-Type': 'text/csv; charset=utf-8', 'Content-Disposition': `attachment; filename="${name}.${end}"` });
  a.end('row,time,time_utc,until,gateway,device,channel,quantity,value,unit,quality,reason,detail\r\n');
}

async function handle(state, dist, q, a) {
  const url = new URL(q.url, 'http://mock');
  const path = url.pathname;
  state.seen.push(path);
  if (path.startsWith('/mock/')) {
    const f = switches[path.slice(6)];
    return f ? send(a, 200, f(state, await body(q))) : send(a, 404, {});
  }
  if (path.startsWith('/tiles/')) {
    a.writeHead(200, { 'Content-Type': 'image/svg+xml' });
    return a.end('<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><path d="M0 0h256v256" fill="none" stroke="#999"/></svg>');
  }
  if (path === '/healthz') {
    const lines = ['database', 'store', 'writes', 'mqtt'].map((c) => (state.ill.has(c) ? `FAIL ${c}` : `ok   ${c}`));
    a.writeHead(state.ill.size > 0 ? 503 : 200, { 'Content-Type': 'text/plain; charset=utf-8' });
    return a.end(`${lines.join('\n')}\n`);
  }
  if (!path.startsWith('/api/v1/')) return asset(dist, path, a);
  if (state.refuse) return q.destroy();
  const now = Date.now();
  const p = path.slice(8).split('/').map(decodeURIComponent);
  const one = p.length > 1 ? p[1] : undefined;
  switch (p[0]) {
    case 'info':
      return send(a, 200, {
        version: '0.1.0-mock',
        store: { id: 'mock', kind: 'embedded' },
        mqtt: { address: '127.0.0.1:1883', prefix: 'lamppost/v1' },
        started: state.start,
        now,
        insecure: false,
        map: state.ground,
      });
    case 'gateways':
      return one ? send(a, 200, state.gateways.get(one)) : send(a, 200, { gateways: [...state.gateways.values()] });
    case 'areas': {
      const detail = one && areaDetail(state, one);
      if (one && !detail) return send(a, 404, { error: { id: 'E.area', text: { zh: '没有这个区域', en: 'no such area' } } });
      return send(a, 200, detail ?? areaPage(state, url.searchParams));
    }
    case 'map':
      return send(a, 200, { type: 'FeatureCollection', features: demoGround });
    case 'values':
      return send(a, 200, { now, values: [...state.streams.values()].map((s) => newest(s, now, state.start)) });
    case 'series':
      return apiSeries(state, url.searchParams, a);
    case 'export':
      return exportFile(state, url.searchParams, a);
    case 'alerts':
      if (!one) return send(a, 200, alertList(state, url.searchParams));
      if (p[2] === 'acknowledge' && q.method === 'POST') return acknowledge(state, one, q, a);
      return state.alerts.has(one)
        ? send(a, 200, state.alerts.get(one))
        : send(a, 404, { error: { id: 'E.alert', text: { en: 'no such alert' } } });
    case 'gaps':
      return send(a, 200, { gaps: gapsOf(state.start).filter((g) => [null, g.gateway].includes(url.searchParams.get('gateway'))) });
    case 'cameras':
      return send(a, 200, { cameras: cameras(state) });
    case 'images': {
      if (state.late.has(one.replace('.jpg', ''))) return send(a, 404, { error: { id: 'E.image', text: { en: 'no such picture' } } });
      const t = Number(/still-(\d+)/.exec(one)?.[1] ?? state.start);
      const level = 2.98 + 0.2 * Math.sin(t / 60000);
      a.writeHead(200, { 'Content-Type': 'image/svg+xml', 'Cache-Control': 'public, max-age=3600' });
      return a.end(still(level, t));
    }
    case 'metrics-catalogue':
      return send(a, 200, { metrics: catalogue });
    case 'stream':
      return stream(state, q, a);
    default:
      return send(a, 404, { error: { id: 'E.path', text: { en: 'no such path' } } });
  }
}

async function asset(dist, path, a) {
  if (!dist) return send(a, 404, { error: { id: 'E.path', text: { en: 'start the mock with --dist' } } });
  const wanted = join(dist, normalize(path));
  const found = await stat(wanted).then(
    (s) => s.isFile(),
    () => false,
  );
  const headers = { 'Content-Security-Policy': csp, 'X-Content-Type-Options': 'nosniff' };
  if (found) {
    a.writeHead(200, { ...headers, 'Content-Type': types[extname(wanted)] ?? 'application/octet-stream' });
    return createReadStream(wanted).pipe(a);
  }
  a.writeHead(200, { ...headers, 'Content-Type': types['.html'] });
  return a.end(await readFile(join(dist, 'index.html')));
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8099' },
      gateways: { type: 'string', default: '2' },
      dist: { type: 'string', default: '' },
    },
  });
  const mock = await startMock({ ...values, port: Number(values.port), gateways: Number(values.gateways) });
  console.log(`mock aggregator on ${mock.url}`);
}
