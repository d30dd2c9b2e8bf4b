import { describe, expect, test } from 'vitest';
import { dueAgain, patterns, Siren, type Speaker } from './sound';

/** A speaker that writes down what it is to play. */
function speaker(state: AudioContextState = 'running') {
  const tones: { hz: number; wave: string; at: number; loud: number }[] = [];
  const s = {
    state,
    currentTime: 100,
    destination: {} as AudioDestinationNode,
    resume: async () => void (s.state = 'running'),
    createGain: () => {
      const gain = { setValueAtTime: () => undefined, linearRampToValueAtTime: (v: number) => void (tones.at(-1)!.loud = Math.max(tones.at(-1)!.loud, v)) };
      return { gain, connect: (x: unknown) => x } as unknown as GainNode;
    },
    createOscillator: () => {
      const tone = { hz: 0, wave: '', at: 0, loud: 0 };
      tones.push(tone);
      return {
        frequency: { set value(v: number) { tone.hz = v; } },
        set type(w: string) { tone.wave = w; },
        connect: (x: unknown) => x,
        start: (t: number) => void (tone.at = t),
        stop: () => undefined,
      } as unknown as OscillatorNode;
    },
  };
  return { s: s as Speaker, tones };
}

describe('a siren', () => {
  test('is silent until somebody has touched the page', async () => {
    const { s, tones } = speaker('suspended');
    const siren = new Siren(() => s);
    siren.play('red', 1);
    expect([siren.ready, tones.length]).toEqual([false, 0]);
    expect(await siren.enable()).toBe(true);
    siren.play('red', 1);
    expect(tones.length).toBe(6);
  });

  test('stays silent where the browser refuses', async () => {
    const { s, tones } = speaker('suspended');
    s.resume = () => Promise.reject(new Error('not allowed'));
    const siren = new Siren(() => s);
    expect(await siren.enable()).toBe(false);
    siren.play('red', 1);
    expect(tones.length).toBe(0);
  });

  test.each([['red', 6], ['orange', 2], ['yellow', 1], ['blue', 1], ['else', 1]])('plays for %s %d tones', async (severity, n) => {
    const { s, tones } = speaker();
    const siren = new Siren(() => s);
    await siren.enable();
    siren.play(severity, 1);
    expect(tones.length).toBe(n);
    expect(tones.every((t) => t.at >= 100 && t.loud > 0 && t.loud <= 0.5)).toBe(true);
  });

  test('is as loud as is asked, and at nought says nothing', async () => {
    const { s, tones } = speaker();
    const siren = new Siren(() => s);
    await siren.enable();
    siren.play('yellow', 1);
    siren.play('yellow', 0.5);
    siren.play('yellow', 0);
    siren.play('yellow', 7);
    expect(tones.map((t) => t.loud)).toEqual([0.4, 0.2, 0.4]);
  });
});

test('the three patterns differ in rhythm, timbre and direction', () => {
  const [one, two, three] = patterns;
  expect(new Set([one!.length, two!.length, three!.length]).size).toBe(3);
  expect(new Set([one![0]!.wave, two![0]!.wave, three![0]!.wave]).size).toBe(3);
  expect(new Set([one![0]!.length, two![0]!.length, three![0]!.length]).size).toBe(3);
  expect(one![1]!.hz).toBeGreaterThan(one![0]!.hz);
  expect(two![1]!.hz).toBeLessThan(two![0]!.hz);
});

test('the highest level sounds every 30 seconds until it is acknowledged, and no other does', () => {
  expect(dueAgain('red', 1000, 30_999)).toBe(false);
  expect(dueAgain('red', 1000, 31_000)).toBe(true);
  expect(dueAgain('orange', 0, 99_000)).toBe(false);
  expect(dueAgain(undefined, 0, 99_000)).toBe(false);
});
