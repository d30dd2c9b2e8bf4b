// A gateway as far as the aggregator can tell: alerts and pictures over MQTT 3.1.1.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

const text = (s) => Buffer.concat([Buffer.from([s.length >> 8, s.length & 255]), Buffer.from(s)]);

/** A packet: its first byte, the length in groups of seven bits, what it holds. */
function packet(first, ...parts) {
  const body = Buffer.concat(parts);
  const length = [];
  for (let n = body.length; ; n >>= 7) {
    length.push((n & 127) | (n > 127 ? 128 : 0));
    if (n <= 127) break;
  }
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

/**
 * Resolves to { alert, picture, state, event, live, online, close } of a gateway with this id. With `will`
 * its broker says that it is offline once it has been silent for one and a half of `keepAlive` seconds.
 */
export async function startGateway(mqtt, prefix, id, area, { keepAlive = 60, will = false } = {}) {
  const [host, port] = mqtt.replace(/^\w+:\/\//, '').split(':');
  const socket = connect(Number(port), host);
  const boot = randomUUID();
  const born = Date.now();
  const epoch = `1-${randomBytes(6).toString('hex')}`;
  let seq = 0;
  let conn = 0;
  let packetId = 0;
  const acked = new Map();
  let rest = Buffer.alloc(0);
  socket.on('data', (d) => {
    rest = Buffer.concat([rest, d]);
    // Everything that comes back here is four bytes long.
    for (; rest.length >= 4; rest = rest.subarray(4)) acked.get(rest[0] === 0x20 ? 0 : rest.readUInt16BE(2))?.();
  });
  const answer = (n) => new Promise((done) => acked.set(n, done));
  await once(socket, 'connect');
  const admitted = answer(0);
  // A clean session; the will is kept and sent once at least.
  const last = will ? [text(`${prefix}/${id}/online`), text(JSON.stringify({ v: 1, online: false, conn: 1 }))] : [];
  socket.write(packet(0x10, text('MQTT'), Buffer.from([4, will ? 0x2e : 2, 0, keepAlive]), text(id), ...last));
  await admitted;
  const publish = async (topic, payload) => {
    const n = (packetId = (packetId % 65535) + 1);
    const done = answer(n);
    socket.write(packet(0x32, text(`${prefix}/${id}/${topic}`), Buffer.from([n >> 8, n & 255]), payload));
    await done;
  };
  const moment = (t) => ({ t, boot, boot_ms: Math.max(1, t - born) });
  /** UUIDv7 at a time. */
  const uuid = (t) => {
    const hex = t.toString(16).padStart(12, '0') + randomUUID().replaceAll('-', '').slice(12);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
  };
  return {
    uuid,
    /** Sends a revision of an alert; without an id it is a new one. */
    async alert({ at = Date.now(), ...more } = {}) {
      const a = {
        v: 1, id: uuid(at), rev: 1, epoch, seq: ++seq, rule: 'river-high', stage: 'actual', severity: 'orange', condition: 'active',
        at: moment(at), since: moment(at), device: 'river', channel: 'level', value: 3.12, limit: 3, unit: 'm', area, category: '06010',
        text: { zh: '河道水位 3.12 米', en: 'river level 3.12 m' }, ...more,
      };
      if (a.condition === 'cleared') a.cleared = moment(at);
      await publish('alert', Buffer.from(JSON.stringify(a)));
      return a;
    },
    /** Sends a JPEG under an id. */
    async picture(image, alert, which, jpeg, at = Date.now()) {
      const size = 16 << 10;
      const pieces = Math.ceil(jpeg.length / size);
      for (let piece = 0; piece < pieces; piece++) {
        const meta = { v: 1, id: image, device: 'gauge', at: moment(at), bytes: jpeg.length, pieces, piece, alert, moment: which };
        await publish(`image/${image}/${piece}`, Buffer.concat([Buffer.from(`${JSON.stringify(meta)}\n`), jpeg.subarray(piece * size, (piece + 1) * size)]));
      }
    },
    /** Sends what the gateway says of itself, with these parts of it. */
    async state(more = {}) {
      const at = moment(Date.now());
      const journal = { bytes: 1, quota: 2, waiting: 0, oldest_ms: 0, commit_ms: 0, lost: 0 };
      const all = { v: 1, version: 'test', boot, epoch, config: '0123456789ab', at, started: at, clock: 'synced', site: { area }, devices: [], health: [], alerts: [], journal, ...more };
      await publish('state', Buffer.from(JSON.stringify(all)));
    },
    /**
     * Sends readings, each with a device, a channel and a value `v`, as one pack; `unit` is that of
     * all, with `boot` they are dated by the gateway's own running time: its clock is not set.
     */
    async live(readings, { at = Date.now(), unit = 'm', boot: undated = false } = {}) {
      const from = seq + 1;
      seq += readings.length;
      const first = { bn: `${id}/`, bt: (undated ? Math.max(1, at - born) : at) / 1000, bu: unit, n: 'pack', vs: `${epoch}/${from}-${seq}/live/1` };
      if (undated) first.boot_ = boot;
      const records = readings.map(({ device, channel, ...more }) => ({ n: `${device}/${channel}`, ...more }));
      await publish('live', Buffer.from(JSON.stringify([first, ...records])));
    },
    /** Says that it is there, as its last will would say that it is not. */
    online: (is) => publish('online', Buffer.from(JSON.stringify({ v: 1, online: is, conn: ++conn }))),
    /** Sends an event of a kind, with what it says. */
    async event(kind, what) {
      const at = moment(Date.now());
      await publish('event', Buffer.from(JSON.stringify({ v: 1, epoch, seq: ++seq, at, kind, [kind]: typeof what === 'function' ? what(at) : what })));
    },
    close: () => socket.destroy(),
  };
}
