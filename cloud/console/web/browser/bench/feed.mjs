// A city that reports, in a process of its own so that it does not wait for whoever measures:
//
//   node browser/bench/feed.mjs MQTT PREFIX '{"gateways":500,"devices":20,"rate":5000,"alerts":300}'
//
// 500 gateways with 20 devices each, every device with one channel, in turn and evenly over
// time, over 500 MQTT connections. It says on standard output, a line of JSON each: that it is
// ready, how many readings the broker has taken, when a test alert was handed to the broker.
// A line "alert" or "stop" on standard input asks for a test alert, or ends it.
import { createInterface } from 'node:readline';
import { startGateway } from '../gateway.mjs';

const [mqtt, prefix, wanted] = process.argv.slice(2);
const { gateways, devices, rate, alerts } = { gateways: 500, devices: 20, rate: 5000, alerts: 300, ...JSON.parse(wanted ?? '{}') };
const communities = ['990101001001', '990101001002', '990101001003', '990101002001', '990101002002', '990101002003', '990101003001', '990101003002', '990101003003'];
const severities = ['blue', 'yellow', 'orange'];
const step = 50; // ms between two bursts of packs

const say = (o) => process.stdout.write(`${JSON.stringify(o)}\n`);
const area = (g) => communities[g % communities.length];
const device = (d) => `level-${String(d + 1).padStart(2, '0')}`;
const spread = (g, by) => ((g * by) % gateways) / gateways - 0.5;

async function appear(g) {
  const id = `city-${String(g + 1).padStart(4, '0')}`;
  const gw = await startGateway(mqtt, prefix, id, area(g));
  await gw.online(true);
  const list = Array.from({ length: devices }, (_, d) => ({ id: device(d), driver: 'modbus', every_ms: Math.round((gateways * devices * 1000) / rate), channels: ['level'], state: 'ok' }));
  const position = { lat: 30.3 + spread(g, 37) / 6, lon: 120.2 + spread(g, 101) / 6 };
  await gw.state({ site: { area: area(g), position, time_zone: '+08:00' }, devices: list });
  return gw;
}

const city = [];
for (let g = 0; g < gateways; g += 25) {
  city.push(...(await Promise.all(Array.from({ length: Math.min(25, gateways - g) }, (_, i) => appear(g + i)))));
}
for (let a = 0; a < alerts; a++) {
  const n = a % gateways;
  const text = { zh: `水位 ${a + 1} 超限`, en: `level ${a + 1} over its limit` };
  await city[n].alert({ rule: `level-${a}`, device: device(a % devices), severity: severities[a % 3], area: area(n), text });
}

let taken = 0;
let next = 0;
let owed = 0;
let last = performance.now();
let open = 0; // packs that the broker has not confirmed

/** Sends the packs that are due; a broker that is behind is not pressed further. */
function burst() {
  const now = performance.now();
  owed = Math.min(owed + ((now - last) * rate) / 1000, rate);
  last = now;
  for (; owed >= devices && open < 2 * gateways; owed -= devices, next = (next + 1) % gateways) {
    open++;
    const t = Date.now();
    const readings = Array.from({ length: devices }, (_, d) => ({ device: device(d), channel: 'level', v: Math.round(2500 + 400 * Math.sin(t / 60_000 + next + d)) / 1000 }));
    void city[next].live(readings, { at: t }).then(() => ((taken += devices), open--));
  }
}

const bursts = setInterval(burst, step);
const counts = setInterval(() => say({ taken }), 250);
say({ ready: true });

let tests = 0;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'stop') break;
  const gw = city[tests++ % gateways];
  const text = { zh: '试验告警', en: 'test alert' };
  const at = Date.now();
  const id = gw.uuid(at);
  say({ alert: id, handed: Date.now() });
  const { seq, ...raised } = await gw.alert({ id, at, rule: `test-${tests}`, device: device(0), severity: 'red', area: '990101001001', text });
  setTimeout(() => void gw.alert({ ...raised, rev: 2, condition: 'cleared', at: Date.now() }), 1500);
}
clearInterval(bursts);
clearInterval(counts);
for (const gw of city) gw.close();
process.exit();
