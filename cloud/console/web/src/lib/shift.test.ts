import { expect, test } from 'vitest';
import { begun, lines } from './shift';

const h = 3_600_000;
const now = 1_800_000_000_000;

test('the shifts that can be handed over are those that have begun, the latest first', () => {
  const spans = [
    { person: 'li', from: now - 2 * h, to: now + 6 * h },
    { person: 'wang', from: now - 2 * h, to: now + 6 * h },
    { person: 'li', from: now - 2 * h, to: now + 6 * h },
    { person: 'hu', from: now - 10 * h, to: now - 2 * h },
    { person: 'chen', from: now + 6 * h, to: now + 14 * h },
    { person: 'zhao', from: now - h, to: now + 25 * h },
  ];
  expect(begun({ spans }, now)).toEqual([
    { from: now - 2 * h, to: now + 6 * h, persons: ['li', 'wang'] },
    { from: now - 10 * h, to: now - 2 * h, persons: ['hu'] },
  ]);
});

test('empty lines are nothing to do', () => {
  expect(lines(' call the bureau \n\n look at pump 2\n ')).toEqual(['call the bureau', 'look at pump 2']);
  expect(lines('')).toEqual([]);
});
