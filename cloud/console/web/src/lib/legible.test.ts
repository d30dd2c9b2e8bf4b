import { expect, test } from 'vitest';
import { legible, read } from './legible';

test('what is not seen is written out, and nothing else', () => {
  expect(legible('a\u202egnp.exe\u001b[31m\u0085\u0000')).toBe('a\\u202egnp.exe\\u001b[31m\\u0085\\u0000');
  expect(legible('河道水位 3.12 米\n\t<b>é 👩‍🚒</b>')).toBe('河道水位 3.12 米\n\t<b>é 👩‍🚒</b>');
});

test('however JSON writes them', () => {
  for (const c of ['\u0000', '\b', '\f', '\u001b', '\u007f', '\u009b', '\u061c', '\u200e', '\u200f', '\u202e', '\u2066', '\u2069']) {
    const escaped = `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
    const raw = JSON.stringify({ a: [{ b: `x${c}y` }] });
    const want = { a: [{ b: `x${escaped}y` }] };
    expect(read(raw)).toEqual(want);
    expect(read(`{"a":[{"b":"x${escaped}y"}]}`)).toEqual(want);
    expect(read(`{"a":[{"b":"x${escaped.toUpperCase().replace('U', 'u')}y"}]}`)).toEqual(want);
  }
});

test('what has none of them is read as it is', () => {
  const quiet = { n: 1.5, t: 'a\n\u2028 <b>', none: null, list: [true, ''] };
  expect(read(JSON.stringify(quiet))).toEqual(quiet);
  expect(() => read('{"half')).toThrow();
});
