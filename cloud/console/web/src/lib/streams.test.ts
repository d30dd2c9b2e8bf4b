import { describe, expect, test } from 'vitest';
import { spread } from './chart/several';
import { exportURL, panesOf, parseKey, readChoice, signs, mostStreams, writeChoice } from './streams';

const read = (q: string) => readChoice(new URLSearchParams(q));

describe('the address', () => {
  test.each([
    ['', { keys: [], range: '1h', own: undefined }],
    ['s=g/d/c&s=g/d/e&range=6h', { keys: ['g/d/c', 'g/d/e'], range: '6h', own: undefined }],
    ['s=g/d/c&s=g/d/c&s=x&s=a/b/c/d&range=9h', { keys: ['g/d/c'], range: '1h', own: undefined }],
    ['s=g/d/c&from=1000&to=5000', { keys: ['g/d/c'], range: '1h', own: { from: 1000, to: 5000 } }],
    ['s=g/d/c&from=5000&to=1000', { keys: ['g/d/c'], range: '1h', own: undefined }],
    ['s=g/d/c&from=1&to=1e99', { keys: ['g/d/c'], range: '1h', own: undefined }],
  ] as const)('%s', (q, want) => expect(read(q)).toEqual(want));

  test('takes no more streams than can be told apart', () => {
    const q = new URLSearchParams(Array.from({ length: 12 }, (_, i) => ['s', `g/d/c${i}`]));
    expect(readChoice(q).keys.length).toBe(mostStreams);
    expect(signs.length).toBe(mostStreams);
    for (const of of [(s: (typeof signs)[number]) => s.letter, (s: (typeof signs)[number]) => s.dash.join(), (s: (typeof signs)[number]) => s.light, (s: (typeof signs)[number]) => s.dark]) {
      expect(new Set(signs.map(of)).size).toBe(mostStreams);
    }
  });

  test.each(['', 's=g%2Fd%2Fc', 's=g%2Fd%2Fc&range=7d', 's=g%2Fd%2Fc&s=h%2Fd%2Fc&from=1000&to=5000'])('comes back as it was: %s', (q) =>
    expect(writeChoice(read(q)).toString()).toBe(q));
});

test('a stream is named in three parts', () => {
  expect(parseKey('gw/river/temp.inlet')).toEqual({ gateway: 'gw', device: 'river', channel: 'temp.inlet' });
  for (const bad of ['', 'gw', 'gw/river', 'gw//level', 'a/b/c/d']) expect(parseKey(bad)).toBeUndefined();
});

test('each unit has a chart, in the order of choice', () => {
  expect(panesOf(['a m', 'b Cel', 'c m'], (x) => x.split(' ')[1]!)).toEqual([['a m', 'c m'], ['b Cel']]);
});

test('letters stand near their lines and not on each other', () => {
  expect(spread([50, 10, 52, 11], 14)).toEqual([50, 10, 64, 24]);
  expect(spread([], 14)).toEqual([]);
});

test('an export names its streams, span and form', () => {
  expect(exportURL(['g/d/c', 'g/d/e'], { from: 1000.7, to: 2000.2 }, 'excel', 'zh')).toBe('/export?s=g%2Fd%2Fc&s=g%2Fd%2Fe&from=1000&to=2001&format=csv&bom=1&lang=zh');
  expect(exportURL(['g/d/c'], { from: 1, to: 2 }, 'parquet', 'en')).toBe('/export?s=g%2Fd%2Fc&from=1&to=2&format=parquet&lang=en');
});
