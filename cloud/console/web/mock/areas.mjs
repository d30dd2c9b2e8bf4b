// The areas of the invented city, with what the mock's gateways have in them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const city = '9901';
const file = join(import.meta.dirname, '../../../../firmware-configs/sites/demo-city.geojson');
const { features } = JSON.parse(readFileSync(file, 'utf8'));
const levels = { 4: 'city', 6: 'district', 9: 'street', 12: 'community', 15: 'cell' };
const above = { 6: 4, 9: 6, 12: 9, 15: 12 };

const all = [
  { code: city, name: { zh: '灯城市（虚构）', en: 'Lampton (invented)' }, shape: null },
  ...features.map(({ properties: p, geometry }) => ({ code: p.code, name: { zh: p.name, en: p.name_en }, shape: geometry })),
];

const ranks = ['red', 'orange', 'yellow', 'blue'];

function counts(state, code) {
  const gateways = [...state.gateways.values()].filter((g) => g.area.startsWith(code));
  const alerts = [...state.alerts.values()].filter((a) => a.condition === 'active' && (a.area ?? '').startsWith(code));
  const devices = gateways.flatMap((g) => g.devices.map((d) => (g.online ? d.state : 'silent')));
  const n = (s) => devices.filter((d) => d === s).length;
  return {
    gateways: gateways.length,
    devices: devices.length,
    online: n('ok'),
    silent: n('silent'),
    faulty: n('fault'),
    waiting: n('waiting'),
    alerts: alerts.length,
    cases: 0,
    worst: ranks.find((r) => alerts.some((a) => a.severity === r)) ?? '',
  };
}

function show(state, a, shapes) {
  const parent = all.find((b) => a.code !== b.code && b.code.length === above[a.code.length] && a.code.startsWith(b.code));
  return {
    code: a.code,
    level: levels[a.code.length],
    parent: parent?.code ?? '',
    name: a.name,
    since: 0,
    edition: 'demo-city.geojson',
    areas: all.filter((b) => b.code !== a.code && b.code.startsWith(a.code)).length,
    bounded: !!a.shape,
    counts: counts(state, a.code),
    ...(shapes && { shape: a.shape }),
  };
}

export function areaPage(state, query) {
  const below = query.get('below') ?? '';
  const list = all.map((a) => show(state, a, Number(query.get('shapes') ?? 0) > 0)).filter((a) => Number(query.get('depth') ?? 1) > 1 ? a.code !== below && a.code.startsWith(below) : a.parent === below);
  return { areas: list, next: '', total: all.length, unplaced: counts({ gateways: new Map(), alerts: new Map() }, '') };
}

export function areaDetail(state, code) {
  const a = all.find((b) => b.code === code);
  if (!a) return undefined;
  const path = all.filter((b) => b.code !== code && code.startsWith(b.code)).map((b) => b.code);
  return { ...show(state, a, true), path, aliases: [] };
}
