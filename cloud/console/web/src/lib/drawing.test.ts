import { expect, test } from 'vitest';
import { newArea, withCorner, yaml, type Area } from './drawing';

const roof: Area = { kind: 'mask', name: '', corners: [[0, 0], [0.2, 0], [0.2, 0.30004]] };

test('what is drawn is written as a gateway reads it', () => {
  const zones: Area[] = [
    { kind: 'zone', name: 'yard', corners: [[0.1, 0.6], [0.5, 0.6], [0.5, 1]] },
    { kind: 'zone', name: 'on', corners: [[0, 0], [1, 0], [1, 1]] },
  ];
  expect(yaml([zones[0]!, roof, zones[1]!], { marks: [[0.52, 0.2, 3], [0.52, 0.85, 1.5]], width: 0.06 })).toBe(
    `    masks:
      - [[0, 0], [0.2, 0], [0.2, 0.3]]
    zones:
      yard: [[0.1, 0.6], [0.5, 0.6], [0.5, 1]]
      "on": [[0, 0], [1, 0], [1, 1]]
    staff: {marks: [[0.52, 0.2, 3], [0.52, 0.85, 1.5]], width: 0.06}`,
  );
  expect(yaml([], undefined)).toBe('');
});

test('a new corner is half-way to the next, behind the last to the first', () => {
  expect(withCorner(roof.corners, 0)[1]).toEqual([0.1, 0]);
  expect(withCorner(roof.corners, 2)[3]).toEqual([0.1, 0.15]);
  expect(roof.corners.length).toBe(3);
});

test('new zones have names of their own', () => {
  const first = newArea('zone', []);
  const second = newArea('zone', [first]);
  expect([first.name, second.name]).toEqual(['zone1', 'zone2']);
  expect(second.corners).not.toEqual(first.corners);
});
