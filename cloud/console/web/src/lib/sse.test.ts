import { describe, expect, test } from 'vitest';
import { EventParser } from './sse';

const text = [
  ': heartbeat\n',
  '\n',
  'event: hello\ndata: {"now":1}\n\n',
  'id: 7\nevent: values\ndata: {"values":\ndata: []}\n\n',
  'data:no space\r\n\r\n',
  'id\nretry: 5\nunknown: x\ndata: last\r\r',
].join('');

const events = [
  { event: 'hello', data: '{"now":1}', id: '' },
  { event: 'values', data: '{"values":\n[]}', id: '7' },
  { event: 'message', data: 'no space', id: '7' },
  { event: 'message', data: 'last', id: '' },
];

describe('the parser of event streams', () => {
  test('reads comments, several data lines, every line end', () => {
    // The last event ends with a lone CR, which may be half a line end until more comes.
    expect(new EventParser().push(`${text}\n`)).toEqual(events);
  });

  test('reads the same however the text is cut', () => {
    for (let size = 1; size < 12; size++) {
      const p = new EventParser();
      const got = [];
      for (let i = 0; i < text.length; i += size) got.push(...p.push(text.slice(i, i + size)));
      got.push(...p.push('\n'));
      expect(got, `pieces of ${size}`).toEqual(events);
    }
  });

  test('goes on from the id it is given', () => {
    expect(new EventParser('41').push('data: x\n\n')).toEqual([{ event: 'message', data: 'x', id: '41' }]);
  });

  test('drops events without data, but never a resync', () => {
    expect(new EventParser().push('event: values\n\nevent: resync\n\n')).toEqual([{ event: 'resync', data: '', id: '' }]);
  });

  test('gives up a line without end', () => {
    const p = new EventParser();
    const piece = 'x'.repeat(8 << 20);
    expect(() => {
      for (let i = 0; i < 5; i++) p.push(piece);
    }).toThrow('too long');
  });
});
