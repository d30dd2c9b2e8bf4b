// Every page and dialog of the console, and how one gets there, in a center in which something
// is on all of them. Tests that hold for every page go through this list.
import { jpeg } from './center.mjs';

const everywhere = (...roles) => roles.map((role) => ({ role, area: '*' }));
const community = '990101002002';
const minute = 60_000;
const hour = 60 * minute;

/** Fills a center: people, departments, a gateway with a gap and a sick device, alerts, cases, a handover. */
export async function fill(center) {
  const { admin, hire } = center;
  const li = await hire('li', '李工', everywhere('operator', 'dispatcher'));
  const wang = await hire('wang', '王芳', everywhere('operator', 'dispatcher'));
  const chen = await hire('chen', '陈水', everywhere('viewer'));
  await admin.call('PUT', '/departments/water', { name: { zh: '水务局', en: 'Water bureau' }, area: '990101', members: ['chen'] });
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  const shifts = [{ person: 'li', days, from: '00:00', to: '12:00' }, { person: 'wang', days, from: '12:00', to: '00:00' }];
  await admin.call('PUT', '/rosters/lead', { name: { zh: '带班', en: 'Lead officer' }, area: '9901', role: 'lead', zone: 'Asia/Shanghai', shifts });
  const river = await center.gateway('river-01', community);
  const alert = await report(center, river);
  const flood = await caseOf(li, alert.id);
  const act = (who, id, action, body) => who.call('POST', `/cases/${id}/actions/${action}`, body, { 'If-Match': '*' });
  const raise = async (severity, text) => (await wang.call('POST', '/cases', { kind: 'flooding', area: community, severity, text })).id;
  const sent = await raise('yellow', '泵站停机');
  await act(li, sent, 'acknowledge', {});
  await act(li, sent, 'dispatch', { orders: [{ department: 'water', instruction: '到泵站查看' }] });
  await act(chen, sent, 'report', { task: 1, result: 'partly', done: '已到场，缺备件' });
  await act(li, await raise('blue', '水位读数偏高'), 'shelve', { until: Date.now() + hour, why: '泵站检修' });
  const seen = await raise('orange', '地下通道积水');
  await act(li, seen, 'acknowledge', {});
  return { alert: alert.id, flood, sent, seen, stop: () => river.close() };
}

/** The gateway says how it is and what it saw; an alert with a picture is the answer. */
async function report(center, river) {
  const device = (id, more) => ({ id, driver: 'modbus', every_ms: 1000, channels: ['level'], state: 'ok', ...more });
  const upkeep = { until_ms: Date.now() + hour, by: '赵工' };
  await river.online(true);
  await river.state({
    site: { area: community, time_zone: '+08:00', position: { lat: 30.31, lon: 120.13 } },
    devices: [device('river'), device('well', { state: 'silent' }), device('pump', { upkeep })],
  });
  for (const ago of [3, 2, 1, 0]) {
    await river.live([{ device: 'river', channel: 'level', v: 3.12 - ago / 10, qc: 3, why: 'rate' }, { device: 'well', channel: 'level', v: 1.2 }], { at: Date.now() - ago * minute });
  }
  const wall = (t) => ({ t, boot: '0a1b2c3d-0000-4000-8000-000000000000', boot_ms: 1000 });
  await river.event('gap', { from: wall(Date.now() - 3 * hour), to: wall(Date.now() - 2 * hour), why: 'power' });
  const image = river.uuid(Date.now() - minute);
  const evidence = [{ n: 'river/level', ago_ms: 0, v: 3.12, qc: 3 }];
  const alert = await river.alert({ severity: 'red', evidence, pictures: [{ image, moment: 'at' }] });
  await river.picture(image, alert.id, 'at', await jpeg(center.env, 0.7));
  return alert;
}

async function caseOf(li, alert) {
  for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    const found = (await li.call('GET', `/cases?state=all&alert=${alert}`)).cases[0];
    if (found) return found.id;
  }
  throw new Error(`no case of ${alert}`);
}

/** The list: path below the console's address; `open` does what is pressed there, `person` who looks, none before the login. */
export function pages({ alert, flood, sent, seen }) {
  const of = (person, list) => Object.entries(list).map(([name, path]) => ({ name, person, path }));
  const dialog = (name, path, press) => ({ name, person: 'li', path, dialog: true, open: async (page) => {
    await press(page);
    await page.locator('dialog[open]').waitFor();
  } });
  const deed = (name, id, action) => dialog(name, `/cases/${id}`, (page) => page.locator(`[data-do=${action}]`).first().click());
  return [
    { name: 'login', path: '/' },
    ...of('li', {
      situation: '/', map: '/?view=map', timeline: '/?view=time&span=24', 'an area': '/?area=990101002', alerts: '/alerts', alert: `/alerts/${alert}`,
      followed: `/alerts/${alert}/case`, cases: '/cases', case: `/cases/${sent}`, streams: '/streams?s=river-01/river/level&s=river-01/well/level',
      stream: '/gateways/river-01/river/level', fleet: '/fleet', 'fleet on the map': '/fleet?view=map', gateway: '/gateways/river-01', connect: '/connect',
      duty: '/duty', handover: '/duty/handover', performance: '/performance', wall: '/wall', 'no such page': '/nonsense',
      password: '/account/password', codes: '/account/codes', sessions: '/account/sessions', tokens: '/account/tokens',
    }),
    ...of('admin', Object.fromEntries(['accounts', 'areas', 'departments', 'rosters', 'routes', 'audit'].map((p) => [p, `/admin/${p}`]))),
    dialog('keys', '/alerts', (page) => page.keyboard.press('?')),
    deed('acknowledge', flood, 'acknowledge'),
    ...['shelve', 'propose_dismissal', 'dispatch', 'note'].map((action) => deed(action, seen, action)),
  ];
}
