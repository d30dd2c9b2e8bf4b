// The invented data of the mock aggregator. Everything is a function of the time
// since the start, so that two runs show the same.

const label = (zh, en) => ({ zh, en });

// metric: unit, unit text, decimals, label
const metrics = {
  level: ['m', 'm', 3, label('水位', 'Water level')],
  water_temp: ['Cel', '°C', 1, label('水温', 'Water temperature')],
  temp: ['Cel', '°C', 1, label('温度', 'Temperature')],
  rh: ['%RH', '%', 1, label('相对湿度', 'Relative humidity')],
  pressure: ['hPa', 'hPa', 1, label('气压', 'Air pressure')],
  wind_speed: ['m/s', 'm/s', 1, label('风速', 'Wind speed')],
  wind_dir: ['deg', '°', 0, label('风向', 'Wind direction')],
  rain: ['mm', 'mm', 1, label('累计降雨量', 'Rain, total')],
  noise: ['dB', 'dB', 1, label('噪声', 'Noise')],
  pm1: ['ug/m3', 'µg/m³', 0, label('PM1', 'PM1')],
  pm2_5: ['ug/m3', 'µg/m³', 0, label('PM2.5', 'PM2.5')],
  pm10: ['ug/m3', 'µg/m³', 0, label('PM10', 'PM10')],
  voltage: ['V', 'V', 1, label('电压', 'Voltage')],
  current: ['A', 'A', 2, label('电流', 'Current')],
  power: ['W', 'W', 0, label('有功功率', 'Power')],
  energy: ['kWh', 'kWh', 2, label('电能', 'Energy')],
  frequency: ['Hz', 'Hz', 2, label('频率', 'Frequency')],
  brightness: ['/100', '%', 0, label('画面亮度', 'Picture brightness')],
  sharpness: ['1', '1', 2, label('画面清晰度', 'Picture sharpness')],
  uptime: ['s', 's', 0, label('运行时间', 'Uptime')],
};

// device: driver, profile, bus, address, interval, channels
const street = {
  river: ['modbus', 'keller-36xw', 'rs485-1', '3', 5000, ['level', 'water_temp']],
  weather: [
    'modbus',
    'weather-01f4',
    'rs485-1',
    '1',
    10000,
    ['wind_speed', 'wind_dir', 'temp', 'rh', 'noise', 'pressure', 'rain', 'pm2_5', 'pm10'],
  ],
  cabinet: ['modbus', 'xy-md02', 'rs485-1', '5', 10000, ['temp', 'rh']],
  air: ['pms5003', '', '', '', 10000, ['pm1', 'pm2_5', 'pm10']],
  underpass: ['a02yyuw', '', '', '', 2000, ['level']],
  pump: ['modbus', 'sdm120', 'pump', '1', 5000, ['voltage', 'current', 'power', 'energy', 'frequency']],
  gauge: ['camera', '', '', '', 30000, ['brightness', 'sharpness']],
};

const base = {
  'river/level': [2.6, 0.35, 1500],
  'river/water_temp': [18.4, 0.3, 7200],
  'weather/wind_speed': [4.2, 2.4, 97],
  'weather/wind_dir': [140, 25, 310],
  'weather/temp': [21.7, 0.8, 5400],
  'weather/rh': [88, 6, 4100],
  'weather/noise': [61, 5, 130],
  'weather/pressure': [1004.6, 1.1, 20000],
  'weather/rain': [34.2, 0, 1],
  'weather/pm2_5': [31, 6, 2200],
  'weather/pm10': [48, 8, 2500],
  'cabinet/temp': [33.5, 1.2, 3600],
  'cabinet/rh': [52, 3, 3600],
  'air/pm1': [19, 4, 2200],
  'air/pm2_5': [30, 7, 2200],
  'air/pm10': [46, 9, 2200],
  'underpass/level': [0.31, 0.08, 900],
  'pump/voltage': [229.4, 1.6, 300],
  'pump/current': [6.21, 0.4, 200],
  'pump/power': [1395, 70, 200],
  'pump/energy': [4182.37, 0, 1],
  'pump/frequency': [49.99, 0.02, 77],
  'gauge/brightness': [43, 6, 1800],
  'gauge/sharpness': [0.71, 0.04, 800],
};

/** A number in [0,1) that depends on nothing but its arguments. */
function noise(...seed) {
  let h = 2166136261;
  for (const c of seed.join('|')) h = Math.imul(h ^ c.charCodeAt(0), 16777619);
  h ^= h >>> 15;
  h = Math.imul(h, 2246822507);
  h ^= h >>> 13;
  return (h >>> 0) / 4294967296;
}

const round = (v, d) => Number(v.toFixed(d));

function deviceList(bad, worked = {}) {
  return Object.entries(street).map(([id, [driver, profile, bus, address, every, channels]]) => ({
    id,
    driver,
    profile,
    bus,
    address,
    every_ms: every,
    channels,
    state: bad[id]?.[0] ?? 'ok',
    fault: bad[id]?.[1] ?? '',
    note: bad[id]?.[2] ?? '',
    camera: driver === 'camera',
    upkeep: worked[id],
  }));
}

/** The mock city: count gateways, the first two of them with care. */
export function makeCity({ count, start }) {
  const gateways = new Map();
  const streams = new Map();
  for (let i = 0; i < count; i++) {
    const g = i === 0 ? bridge(start) : i === 1 ? pumpStation(start) : plain(i, start);
    gateways.set(g.id, g);
    const every = i < 2 ? Object.entries(street) : Object.entries(street).slice(0, 2);
    for (const [device, [, , , , ms, channels]] of every) {
      for (const channel of i < 2 ? channels : channels.slice(0, 8)) addStream(streams, g.id, device, channel, ms);
    }
    if (i < 2) addStream(streams, g.id, 'gateway', 'uptime', 60000);
  }
  return { gateways, streams };
}

function addStream(streams, gateway, device, channel, every_ms) {
  const [unit, unit_text, decimals, text] = metrics[channel];
  const s = { gateway, device, channel, metric: channel, unit, unit_text, label: text, decimals, every_ms };
  streams.set(`${gateway}/${device}/${channel}`, s);
}

function bridge(start) {
  return {
    id: 'hz-gongshu-bridge-07',
    name: '拱宸桥 07 号灯杆',
    online: true,
    since: start - 3 * 3600e3,
    last_seen: start,
    version: '0.1.0',
    config: 'a41f09c2be77',
    clock: 'synced',
    epoch: '17-9f3ac2d1b07e',
    area: '990101002001',
    position: { lat: 30.319, lon: 120.142 },
    time_zone: '+08:00',
    journal: { bytes: 48.2e6, quota: 2e9, waiting: 12, oldest_ms: 4000, commit_ms: 10000, lost: 0 },
    health: [
      {
        id: 'line-noise',
        level: 'warn',
        about: 'rs485-1',
        text: {
          zh: '线路 rs485-1 每百帧约 2 帧校验错误。检查终端电阻和屏蔽层接地。',
          en: 'Line rs485-1: about 2 in 100 frames fail their checksum. Check the termination and the shield’s ground.',
        },
      },
    ],
    devices: deviceList({}),
    conflict: false,
  };
}

function pumpStation(start) {
  const note = {
    cabinet: '地址 5 已 4 分钟无应答，同线路的其他设备正常；检查该设备的电源和 A/B 接线。',
    air: '串口适配器已拔出，插回后自动恢复。',
  };
  return {
    ...bridge(start),
    id: 'hz-xiasha-pump-02',
    name: '',
    clock: 'unsynced',
    area: '330114',
    position: { lat: 30.3061, lon: 120.3602 },
    epoch: '4-02ac9917f3d0',
    journal: { bytes: 1.31e9, quota: 2e9, waiting: 18422, oldest_ms: 5400e3, commit_ms: 10000, lost: 318 },
    health: [
      {
        id: 'clock',
        level: 'warn',
        text: {
          zh: '时钟尚未校准，数据暂不入库。等待网络校时，或检查 NTP 设置。',
          en: 'The clock is not set; readings are not stored yet. Wait for the network, or check the NTP settings.',
        },
      },
      {
        id: 'device-silent',
        level: 'fail',
        about: 'cabinet',
        text: {
          zh: 'cabinet 已 4 分钟无应答。检查电源和 A/B 接线。',
          en: 'cabinet has not answered for 4 minutes. Check its supply and the A/B wires.',
        },
      },
    ],
    devices: deviceList({
      cabinet: ['silent', 'timeout', note.cabinet],
      air: ['fault', 'unplugged', note.air],
      gauge: ['waiting', '', ''],
    }, { pump: { until_ms: start + 7200e3, by: 'li as root' } }),
  };
}

function plain(i, start) {
  const id = `demo-${String(i).padStart(4, '0')}`;
  const g = { ...bridge(start),
    position: { lat: 30.29 + ((i * 37) % 590) / 1e4, lon: 120.113 + ((i * 53) % 580) / 1e4 }, id, name: '', health: [], devices: deviceList({}).slice(0, 2) };
  if (i % 40 === 7) return { ...g, online: false, last_seen: start - 7200e3, since: start - 7200e3 };
  return g;
}

/** The reading of stream s at time t, or null when there is none then. */
export function reading(s, t, start) {
  const key = `${s.device}/${s.channel}`;
  const ago = start - t;
  if (s.device === 'gateway') return [round((t - start) / 1000 + 200000, 0), 1, ''];
  if (s.gateway === 'hz-xiasha-pump-02') {
    if (s.device === 'cabinet' && ago < 240e3) return [null, 9, 'timeout'];
    if (s.device === 'air' && ago < 900e3) return undefined;
    if (s.device === 'gauge' && ago < 60e3) return [null, 9, 'warm-up'];
  }
  const [middle, swing, period] = base[key] ?? [50, 5, 600];
  let v = middle + swing * Math.sin((2 * Math.PI * t) / 1000 / period);
  v += swing * 0.12 * (noise(s.gateway, key, Math.floor(t / s.every_ms)) - 0.5);
  if (s.channel === 'rain') v = middle + Math.max(0, 3 - Math.abs(ago) / 1200e3);
  if (s.channel === 'energy') v = middle - ago / 3600e3;
  if (key === 'river/level') {
    v += 0.42 * Math.exp(-Math.max(0, ago) / 1500e3);
    // Twenty-five minutes ago the program stood still for six; forty ago the sensor was out.
    if (ago > 1500e3 && ago < 1860e3) return undefined;
    if (ago > 2400e3 && ago < 2520e3) return [null, 9, 'timeout'];
    if (ago > 1000e3 && ago < 1030e3) return [round(v + 0.31, 3), 3, 'rate'];
    if (ago > 600e3 && ago < 606e3) return [9.999, 4, 'range'];
  }
  if (s.gateway === 'hz-gongshu-bridge-07' && key === 'air/pm2_5') {
    return [round(v + 150, s.decimals), 3, 'rate'];
  }
  if (key === 'weather/noise' && s.gateway === 'hz-gongshu-bridge-07') return [131.2, 4, 'range'];
  if (key === 'weather/wind_dir' && s.gateway === 'hz-gongshu-bridge-07' && ago < 65e3) return undefined;
  return [round(v, s.decimals), 1, ''];
}

/** The newest reading of s at now. */
export function newest(s, now, start) {
  for (let t = Math.floor(now / s.every_ms) * s.every_ms; t > now - 3600e3; t -= s.every_ms) {
    const r = reading(s, t, start);
    if (r) return { ...s, v: r[0], qc: r[1], why: r[2], t };
  }
  return { ...s, v: null, qc: 9, why: 'timeout', t: now - 3600e3 };
}

export function gapsOf(start) {
  return [
    {
      gateway: 'hz-gongshu-bridge-07',
      from: start - 1860e3,
      to: start - 1500e3,
      why: 'power',
      detail: 'The board lost power; up to 10 s before the cut were not on disk.',
    },
    { gateway: 'hz-xiasha-pump-02', from: start - 86400e3, to: start - 86100e3, why: 'quota', detail: '' },
  ];
}

/** Points of s between from and to, reduced to at most max by lowest and highest per step. */
export function series(s, from, to, max, start) {
  const first = Math.max(from, start - 5 * 86400e3);
  const all = [];
  for (let t = Math.ceil(first / s.every_ms) * s.every_ms; t < to; t += s.every_ms) {
    const r = reading(s, t, start);
    if (r) all.push([t, ...r]);
  }
  const gaps = gapsOf(start).filter((g) => g.gateway === s.gateway && g.to > from && g.from < to);
  if (all.length <= max) return { stream: s, points: all, gaps, reduced: false };
  const step = Math.ceil((to - first) / (max / 2));
  const points = [];
  for (let i = 0; i < all.length; ) {
    const end = all[i][0] - (all[i][0] % step) + step;
    let low = all[i];
    let high = all[i];
    for (; i < all.length && all[i][0] < end; i++) {
      if (all[i][1] !== null && (low[1] === null || all[i][1] < low[1])) low = all[i];
      if (all[i][1] !== null && (high[1] === null || all[i][1] > high[1])) high = all[i];
    }
    points.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
  }
  return { stream: s, points, gaps, reduced: true };
}

const alertText = {
  'underpass-water': label('下穿通道积水 0.34 米，已超过 0.27 米', 'Underpass water 0.34 m, above 0.27 m'),
  'river-high': label('河道水位 2.98 米，上涨中', 'River level 2.98 m, rising'),
  'river-forecast': label('预计 40 分钟后河道水位达到 3.20 米', 'River expected to reach 3.20 m in 40 minutes'),
  'rain-heavy': label('10 分钟雨量 6.4 毫米', 'Rain 6.4 mm in 10 minutes'),
  'pm-high': label('PM2.5 浓度 187 微克每立方米', 'PM2.5 at 187 µg/m³'),
  'cabinet-hot': label('机柜温度 51.2 ℃', 'Cabinet at 51.2 °C'),
};

export function makeAlert(n, rule, severity, stage, stream, value, limit, since, more = {}) {
  const [gateway, device, channel] = stream.split('/');
  const [unit, unit_text] = metrics[channel];
  const id = `01928f3a-7c00-7000-8000-${String(n).padStart(12, '0')}`;
  return {
    id,
    rev: 1,
    gateway,
    device,
    channel,
    rule,
    severity,
    stage,
    condition: 'active',
    since,
    at: since,
    cleared: null,
    value,
    limit,
    unit,
    unit_text,
    text: alertText[rule],
    area: '990101002001',
    position: { lat: 30.319, lon: 120.142 },
    image: '',
    acknowledged: null,
    evidence: [120, 90, 60, 30, 0].map((s, i) => ({
      n: `${device}/${channel}`,
      ago_ms: s * 1000,
      // The rain alert watches a sum: its value is none of the readings.
      v: round(value - (4 - i) * 0.02 * Math.abs(value) + (rule === 'rain-heavy' ? 30 : 0), 3),
      qc: i === 1 ? 3 : 1,
    })),
    history: [{ at: since, what: 'raised', by: '', note: '' }],
    ...more,
  };
}

function step(at, what, severity, value, more) {
  return { at, what, severity, value, limit: null, from: null, to: null, image: '', switched: null, ...more };
}

export function makeAlerts(start) {
  const g = 'hz-gongshu-bridge-07';
  const min = (n) => start - n * 60e3;
  const ack = { by: '李敏', at: min(9), note: '已通知巡查组到场' };
  const list = [
    makeAlert(1, 'underpass-water', 'orange', 'actual', `${g}/underpass/level`, 0.34, 0.27, min(2), {
      image: 'still-alert',
      pictures: [
        { image: 'still-before', moment: 'before', due: min(3), t: min(3) },
        { image: 'still-alert', moment: 'at', due: min(2), t: min(2) },
        { image: 'still-after', moment: 'after', due: min(1), t: null },
      ],
    }),
    makeAlert(2, 'river-forecast', 'yellow', 'forecast', `${g}/river/level`, 2.98, 3.2, min(6)),
    makeAlert(3, 'river-high', 'yellow', 'actual', `${g}/river/level`, 2.98, 2.9, min(14), {
      acknowledged: ack,
      history: [
        { at: min(14), what: 'raised', by: '', note: '' },
        { at: ack.at, what: 'acknowledged', by: ack.by, note: ack.note },
      ],
      timeline: [
        step(min(17), 'forecast', 'blue', 2.71, { limit: 2.9, from: min(15), to: min(11) }),
        step(min(14), 'actual', 'yellow', 2.92, { limit: 2.9, image: 'still-alert' }),
        step(min(14), 'switched', '', null, {
          switched: { output: 'siren', on: true, why: 'rule', by: 'river-high', result: 'done' },
        }),
      ],
    }),
    makeAlert(4, 'rain-heavy', 'blue', 'actual', `${g}/weather/rain`, 6.4, 5, min(21)),
  ];
  for (let i = 0; i < 24; i++) {
    const at = min(90 + i * 47);
    const rule = ['rain-heavy', 'underpass-water', 'pm-high', 'cabinet-hot'][i % 4];
    const stream = ['weather/rain', 'underpass/level', 'air/pm2_5', 'cabinet/temp'][i % 4];
    const severity = ['blue', 'orange', 'yellow', 'red'][i % 4];
    const value = [6.4, 0.31, 187, 51.2][i % 4];
    const limit = [5, 0.27, 150, 50][i % 4];
    const cleared = at + (8 + i) * 60e3;
    list.push(
      makeAlert(100 + i, rule, severity, 'actual', `${g}/${stream}`, value, limit, at, {
        rev: 2,
        condition: 'cleared',
        cleared,
        at: cleared,
        value: round(limit * 0.9, 2),
        peak: value,
        worst: severity,
        acknowledged: i < 2 ? null : { by: i % 3 ? '王强' : '李敏', at: at + 120e3, note: '' },
        history: [
          { at, what: 'raised', by: '', note: '' },
          { at: cleared, what: 'cleared', by: '', note: '' },
        ],
      }),
    );
  }
  return new Map(list.map((a) => [a.id, a]));
}

/** A river scene with a staff gauge. An SVG where the aggregator sends a JPEG: a browser shows both. */
export function still(level, time) {
  const y = 300 - level * 55;
  const marks = Array.from({ length: 9 }, (_, i) => {
    const h = 300 - i * 27.5;
    return `<path d="M316 ${h}h${i % 2 ? 10 : 18}" stroke="#111" stroke-width="3"/>
      ${i % 2 ? '' : `<text x="350" y="${h + 5}" font-size="15" fill="#eee">${(i / 2).toFixed(0)}</text>`}`;
  }).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360" viewBox="0 0 640 360">
    <rect width="640" height="360" fill="#56636b"/><path d="M0 150 L640 120 V360 H0Z" fill="#3c4a3f"/>
    <path d="M0 210H250L290 360H0Z M640 200H400L360 360H640Z" fill="#6d6a60"/>
    <rect x="312" y="60" width="26" height="250" fill="#f3f1e6"/>${marks}
    <rect x="0" y="${y}" width="640" height="${360 - y}" fill="#5d5138" opacity="0.86"/>
    <path d="M0 ${y}q40 -5 80 0t80 0 80 0 80 0 80 0 80 0 80 0 80 0" fill="none" stroke="#a99c78" stroke-width="3"/>
    <rect width="640" height="26" fill="#000" opacity=".55"/>
    <text x="10" y="19" font-family="monospace" font-size="16" fill="#fff">gauge ${new Date(time).toISOString()}</text></svg>`;
}

export const catalogue = Object.entries(metrics).map(([name, [unit, unit_text, decimals, text]]) => ({
  name,
  unit,
  unit_text,
  decimals,
  label: text,
}));
