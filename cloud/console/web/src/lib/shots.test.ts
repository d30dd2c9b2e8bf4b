import { expect, test } from 'vitest';
import type { Alert, AlertPicture } from './api';
import { firstShot, shotsOf } from './shots';

const picture = (moment: AlertPicture['moment'], due: number): AlertPicture => ({ image: `p-${moment}`, moment, due, t: due });
const alert = (more: Partial<Alert>): Alert => ({ id: 'a', rev: 3, gateway: 'g', rule: 'r', severity: 'red', stage: 'actual', condition: 'active', since: 1000, at: 9000, ...more });
const raise = [picture('before', 900), picture('at', 1000), picture('after', 2000)];
const names = (a: Alert) => shotsOf(a).map((s) => `${s.moment} ${s.image} ${s.due}`);

test('the picture of the raise comes first, whatever changed since', () => {
  expect(names(alert({ image: 'p-at', pictures: raise }))).toEqual(['at p-at 1000', 'before p-before 900', 'after p-after 2000']);
  const worse = alert({ image: 'p-worse', pictures: raise });
  expect(names(worse)).toEqual(['at p-at 1000', 'before p-before 900', 'after p-after 2000', 'change p-worse 9000']);
  expect(firstShot(worse)?.image).toBe('p-at');
});

test('the picture of the newest change is as old as that change', () => {
  const step = { at: 4000, what: 'actual', severity: 'red', value: 1, from: null, to: null, image: 'p-worse', switched: null } as const;
  expect(names(alert({ image: 'p-worse', pictures: [picture('at', 1000)], timeline: [step] }))).toEqual(['at p-at 1000', 'change p-worse 4000']);
});

test('an alert of an older gateway has its one picture, one without a camera none', () => {
  expect(names(alert({ image: 'p-one' }))).toEqual(['change p-one 9000']);
  expect(firstShot(alert({ image: '', pictures: null }))).toBeUndefined();
});
