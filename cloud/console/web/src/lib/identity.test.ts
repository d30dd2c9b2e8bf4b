import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { api, ApiError, door, type Info, type Me } from './api';
import { Identity } from './identity.svelte';

const me = (person: string, more: Partial<Me> = {}): Me => ({ person, name: person, grants: [], must: '', csrf: `csrf-${person}`, ...more });
const info = (accounts: boolean) => ({ accounts }) as Info;

/** An aggregator: answers by method and path, and what was asked. */
function serve(answers: Record<string, [status: number, body: unknown, headers?: Record<string, string>][]>) {
  const asked: { what: string; csrf: string | null }[] = [];
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    const what = `${init.method ?? 'GET'} ${path.replace('/api/v1', '')}`;
    asked.push({ what, csrf: new Headers(init.headers).get('X-CSRF-Token') });
    const list = answers[what];
    const next = list && (list.length > 1 ? list.shift() : list[0]);
    if (!next) throw new TypeError(`nobody answers ${what}`);
    return new Response(JSON.stringify(next[1]), { status: next[0], headers: next[2] ?? {} });
  });
  return asked;
}
const refused = (id: string) => ({ error: { id, text: { zh: '不', en: 'no' }, field: '' } });
const settle = () => new Promise((done) => setTimeout(done));

beforeEach(() => void (door.csrf = ''));
afterEach(() => vi.unstubAllGlobals());

test('without accounts nothing is asked, and nothing is sent with a change', async () => {
  const asked = serve({ 'POST /alerts/a/acknowledge': [[200, {}]] });
  const i = new Identity();
  await i.meet(info(false));
  await api.acknowledge('a', 'li', '');
  expect(i.standing).toBe('open');
  expect(i.admitted).toBe(true);
  expect(asked).toEqual([{ what: 'POST /alerts/a/acknowledge', csrf: null }]);
});

test('with accounts it learns who is there, and every change brings the value', async () => {
  const asked = serve({ 'GET /auth/me': [[200, me('li')]], 'POST /alerts/a/acknowledge': [[200, {}]] });
  const i = new Identity();
  await i.meet(info(true));
  await i.meet(info(true));
  await api.acknowledge('a', 'li', '');
  expect(i.me?.person).toBe('li');
  expect(asked).toEqual([
    { what: 'GET /auth/me', csrf: null },
    { what: 'POST /alerts/a/acknowledge', csrf: 'csrf-li' },
  ]);
});

test('a refusal for want of a session leads out, once, and a login back in', async () => {
  const asked = serve({ 'GET /info': [[401, refused('E7204')]], 'GET /auth/login': [[200, { oidc: true }]] });
  const i = new Identity();
  let changes = 0;
  i.onChange = () => changes++;
  i.take(me('li'));
  await Promise.allSettled([api.info(), api.info(), api.info()]);
  await settle();
  expect([i.standing, i.admitted, i.expired, i.provider, door.csrf]).toEqual(['out', false, true, true, '']);
  expect(asked.filter((a) => a.what === 'GET /auth/login')).toHaveLength(1);
  expect(changes).toBe(2);
  i.take(me('li'));
  expect([i.standing, i.expired, door.csrf]).toEqual(['in', false, 'csrf-li']);
});

test('a wrong password and a right that lacks do not lead out', async () => {
  serve({ 'POST /auth/password': [[401, refused('E7201')]], 'GET /info': [[403, refused('E7205')]] });
  const i = new Identity();
  i.take(me('li'));
  await expect(api.changePassword('x', 'y')).rejects.toThrow('E7201');
  await expect(api.info()).rejects.toThrow('E7205');
  expect(i.standing).toBe('in');
});

test.each(['E7208', 'E7209'])('%s says that something must be done first', async (id) => {
  serve({ 'GET /info': [[403, refused(id)]], 'GET /auth/me': [[200, me('li', { must: 'password' })]] });
  const i = new Identity();
  await api.info().catch(() => undefined);
  await settle();
  expect([i.me?.must, i.admitted]).toEqual(['password', false]);
});

test('a value that another tab has made old is asked for anew, once', async () => {
  const asked = serve({
    'POST /auth/sessions/s/end': [[403, refused('E7207')], [200, {}]],
    'GET /auth/me': [[200, me('li', { csrf: 'new' })]],
  });
  new Identity().take(me('li'));
  await api.endSession('s');
  expect(asked.map((a) => a.csrf)).toEqual(['csrf-li', null, 'new']);
  serve({ 'POST /auth/sessions/s/end': [[403, refused('E7207')]], 'GET /auth/me': [[200, me('li', { csrf: 'new' })]] });
  await expect(api.endSession('s')).rejects.toThrow('E7207');
});

test('somebody else begins with an empty page', () => {
  const i = new Identity();
  const to: string[] = [];
  i.restart = (t) => to.push(t);
  vi.stubGlobal('location', { pathname: '/alerts', search: '?q=1' });
  i.take(me('li'));
  i.take(me('wang'));
  expect(to).toEqual(['/alerts?q=1']);
  expect(i.me?.person).toBe('li');
});

test('who works at the page is signed, but not each time', async () => {
  const asked = serve({ 'GET /auth/me': [[200, me('li')]] });
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000_000);
  const i = new Identity();
  i.sign(); // nobody is there
  i.take(me('li'));
  i.sign();
  i.sign();
  now.mockReturnValue(1_000_000 + 5 * 60_000);
  i.sign();
  now.mockRestore();
  await settle();
  expect(asked).toHaveLength(2);
});

test('how long to wait comes with the refusal', async () => {
  serve({ 'POST /auth/login': [[429, refused('E7203'), { 'Retry-After': '17' }]] });
  const e = await api.login('li', 'x', '').catch((e: unknown) => e);
  expect(e).toBeInstanceOf(ApiError);
  expect((e as ApiError).wait).toBe(17);
});
