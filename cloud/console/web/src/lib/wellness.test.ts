import { describe, expect, test } from 'vitest';
import { ills, Wellness } from './wellness.svelte';

describe('what is wrong with the aggregator', () => {
  test.each([
    ['ok   database\nok   store\nok   writes\nok   mqtt\n', []],
    ['ok   database\nFAIL store\nFAIL writes: the store takes nothing: timeout\nok   mqtt\n', ['store']],
    ['FAIL database\nFAIL mqtt: gone\n', ['broker', 'database']],
    ['FAIL aggregators\nFAIL something new\n', ['aggregators']],
    ['<html>FAIL store</html>', []],
    ['', []],
  ])('%j', (text, want) => expect(ills(text)).toEqual(want));

  test('an answer is taken, no answer changes nothing, and since when stays', async () => {
    const w = new Wellness();
    const answer = (text: string, status = 503) => (() => Promise.resolve(new Response(text, { status }))) as typeof fetch;
    await w.ask(answer('FAIL writes\n'));
    const since = w.ills.get('store');
    expect(since).toBeGreaterThan(0);
    await w.ask((() => Promise.reject(new TypeError('gone'))) as typeof fetch);
    await w.ask(answer('no such page', 404));
    await w.ask(answer('FAIL writes\nFAIL mqtt\n'));
    expect([...w.ills.keys()]).toEqual(['broker', 'store']);
    expect(w.ills.get('store')).toBe(since);
    await w.ask(answer('ok   writes\n', 200));
    expect(w.ills.size).toBe(0);
  });
});
