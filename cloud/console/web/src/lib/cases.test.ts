import { describe, expect, test } from 'vitest';
import { arrange, bundle, compareCases, count, currentTasks, firstDeadline, fits, isMine, isOverdue, needsOf, tasksFor, type CaseChoice } from './cases';
import type { Case, Task } from './desk';

const made = (id: string, more: Partial<Case> = {}): Case => ({
  id, version: 1, state: 'raised', severity: 'yellow', peak: 'yellow', source: 'alert', kind: 'k', category: '', area: '330105', gateway: 'g', device: 'd', rule: 'r',
  text: '', opened: 1000, entered: 1000, touched: 1000, storm: false, parent: '', recurrence_of: '', seen_by: '', owner: '', active: true, watched: true,
  shelved: 0, suspended: 0, departments: [], deadlines: [], ...more,
});
const due = (...times: number[]) => times.map((d) => ({ step: 'acknowledge', task: 0, due: d }));
const task = (id: number, more: Partial<Task> = {}): Task => ({
  id, round: 1, department: 'water', person: '', instruction: 'look', state: 'open', given: 0, signed_by: '', signed_at: 0, done: '', result: '', answered_at: 0, pictures: [], why: '', rework: 0, ...more,
});
const viewer = { person: 'li', departments: new Set(['water']) };
const all: CaseChoice = { severity: '', state: '', text: '', only: '' };

describe('the order of cases', () => {
  test('the gravest first, then what is due first, then the oldest; without a deadline last', () => {
    const list = [
      made('e', { severity: 'blue', deadlines: due(1) }), made('d', { opened: 2 }), made('c', { opened: 1 }),
      made('b', { deadlines: due(900, 500) }), made('a', { deadlines: due(400) }), made('z', { severity: 'red' }),
    ];
    expect(list.sort(compareCases).map((c) => c.id)).toEqual(['z', 'a', 'b', 'c', 'd', 'e']);
  });

  test('is the same whatever it was before', () => {
    const list = ['red', 'blue', 'yellow', 'orange', 'red'].map((severity, i) => made(`${i}`, { severity: severity as Case['severity'], deadlines: i % 2 ? due(i) : [] }));
    const once = [...list].sort(compareCases).map((c) => c.id);
    expect([...list].reverse().sort(compareCases).map((c) => c.id)).toEqual(once);
  });
});

test('what is overdue is judged by the time, not by what was sent', () => {
  const c = made('a', { deadlines: due(500, 300) });
  expect(firstDeadline(c)?.due).toBe(300);
  expect([isOverdue(c, 299), isOverdue(c, 300)]).toEqual([false, true]);
  expect(isOverdue(made('b'), 1e15)).toBe(false);
});

describe('what is mine', () => {
  test.each([
    [{ owner: 'li' }, true],
    [{ seen_by: 'li' }, true],
    [{ seen_by: 'li', owner: 'wang' }, false], // somebody took it over
    [{ departments: ['water'] }, true],
    [{ departments: ['streets'] }, false],
    [{}, false],
  ])('%o: %s', (more, want) => expect(isMine(made('a', more), viewer)).toBe(want));
});

test.each([
  [{ ...all }, true],
  [{ ...all, severity: 'red' }, false],
  [{ ...all, state: 'closed' }, false],
  [{ ...all, only: 'overdue' as const }, true],
  [{ ...all, only: 'unseen' as const }, true],
  [{ ...all, only: 'mine' as const }, false],
  [{ ...all, text: ' WATER ' }, true],
  [{ ...all, text: 'fire' }, false],
])('%o fits: %s', (choice, want) => expect(fits(made('a', { text: 'Water', deadlines: due(5) }), choice, viewer, 10)).toBe(want));

test('counts say each level, and what waits', () => {
  const list = [made('a', { severity: 'red', deadlines: due(1) }), made('b', { state: 'handled', owner: 'li' })];
  expect(count(list, viewer, 2)).toEqual({ red: 1, orange: 0, yellow: 1, blue: 0, overdue: 1, unseen: 1, mine: 1 });
});

test('symptoms stand below their cause, and for themselves where it is not in the list', () => {
  const list = [made('cause'), made('one', { parent: 'cause' }), made('lost', { parent: 'elsewhere' }), made('two', { parent: 'cause' })];
  expect(bundle(list).map((b) => [b.head.id, b.symptoms.map((s) => s.id)])).toEqual([['cause', ['one', 'two']], ['lost', []]]);
});

describe('actions', () => {
  const tasks = [task(1, { round: 1, state: 'answered' }), task(2, { round: 2 }), task(3, { round: 2, signed_by: 'chen' }), task(4, { round: 2, state: 'returned' })];

  test('on tasks are for those of this round to which they can be done', () => {
    expect(currentTasks({ tasks }).map((x) => x.id)).toEqual([2, 3, 4]);
    expect(tasksFor('sign', { tasks }).map((x) => x.id)).toEqual([2]);
    expect(tasksFor('report', { tasks }).map((x) => x.id)).toEqual([2, 3]);
    expect(tasksFor('withdraw', { tasks }).map((x) => x.id)).toEqual([2, 3, 4]);
    expect(tasksFor('note', { tasks })).toEqual([]);
    expect(tasksFor('sign', { tasks: [] })).toEqual([]);
  });

  test('are offered once each, also those that this console does not know', () => {
    const allowed = ['note', 'close', 'sign', 'attach', 'brand-new', 'reject'].map((action) => ({ action }));
    const { next, often, rest } = arrange(allowed);
    expect([next, often, rest].map((g) => g.map((a) => a.action))).toEqual([['close'], ['reject', 'note'], ['attach', 'brand-new']]);
    expect(needsOf('brand-new').fields).toEqual([]);
    expect(needsOf('constructor').fields).toEqual([]);
  });

  test('closing asks for an outcome and an answer', () => {
    expect(needsOf('close').fields).toEqual(['resolution', 'answer']);
    expect(needsOf('close').resolutions).not.toContain('duplicate');
  });
});
