import { expect, it } from 'vitest';
import type { Alert } from '../api';
import { hold } from './held';

const alert = (id: string, more: Partial<Alert> = {}) => ({ id, condition: 'active', ...more }) as Alert;

it('is the live list until somebody works in it', () => {
  const live = [alert('b'), alert('a')];
  expect(hold(live, undefined, () => undefined)).toEqual({ rows: live, fresh: [] });
});

it('keeps each row where it is, with what it has become, and lets the new wait', () => {
  const now = new Map([alert('a', { severity: 'red' }), alert('b', { condition: 'cleared' }), alert('c')].map((a) => [a.id, a]));
  const live = [now.get('c')!, now.get('a')!];
  const { rows, fresh } = hold(live, ['b', 'a', 'gone'], (id) => now.get(id));
  expect(rows.map((r) => [r.id, r.condition])).toEqual([['b', 'cleared'], ['a', 'active']]);
  expect(fresh.map((r) => r.id)).toEqual(['c']);
});
