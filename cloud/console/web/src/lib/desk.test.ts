import { afterEach, expect, test, vi } from 'vitest';
import { ApiError } from './api';
import { desk, freshKey } from './desk';
import { faultsOf, office } from './office';

const asked: { method: string; path: string; headers: Headers; body: unknown }[] = [];
function serve(status: number, body: unknown) {
  asked.length = 0;
  vi.stubGlobal('fetch', async (path: string, init: RequestInit = {}) => {
    asked.push({ method: init.method ?? 'GET', path, headers: new Headers(init.headers), body: init.body });
    return new Response(JSON.stringify(body), { status });
  });
}
afterEach(() => vi.unstubAllGlobals());

test('an action says the version that was seen, and its own name', async () => {
  serve(200, {});
  await desk.act('20261123-00001', 7, 'close', { resolution: 'fixed', answer: 'x' }, 'key-1');
  expect(asked[0]!.path).toBe('/api/v1/cases/20261123-00001/actions/close');
  expect(asked[0]!.headers.get('If-Match')).toBe('"7"');
  expect(asked[0]!.headers.get('Idempotency-Key')).toBe('key-1');
  expect(JSON.parse(String(asked[0]!.body))).toEqual({ resolution: 'fixed', answer: 'x' });
});

test('names of requests differ, and are visible ASCII', () => {
  const keys = new Set(Array.from({ length: 100 }, freshKey));
  expect(keys.size).toBe(100);
  for (const k of keys) expect(k).toMatch(/^[!-~]{1,128}$/);
});

test('the id of a document stands in its address alone', async () => {
  serve(200, {});
  await office.putDepartment({ id: 'water', name: { zh: '水', en: 'w' } });
  expect([asked[0]!.method, asked[0]!.path]).toEqual(['PUT', '/api/v1/departments/water']);
  expect(JSON.parse(String(asked[0]!.body))).toEqual({ name: { zh: '水', en: 'w' } });
});

test('what is wrong with a file is read line by line; anything else has no lines', () => {
  const fault = { file: 'a.csv', line: 4, column: 1, feature: 0, field: 'code', text: { zh: '错', en: 'wrong' } };
  expect(faultsOf(new ApiError(422, 'E7110', {}, undefined, { error: { faults: [fault] } }))).toEqual([fault]);
  expect(faultsOf(new ApiError(500, 'E7000', {}))).toEqual([]);
  expect(faultsOf(new TypeError('gone'))).toEqual([]);
});
