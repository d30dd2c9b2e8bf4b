// Sounds for alerts: three patterns that differ in rhythm, direction and timbre, not in pitch
// alone. A browser lets a page sound only after the viewer has touched it.
import { lookOf } from './severity';

interface Beep {
  at: number; // seconds from the start
  hz: number;
  length: number; // seconds
  wave: OscillatorType;
  /** Loudness beside the others: what is rich in overtones sounds louder. */
  gain: number;
}

export const patterns: readonly (readonly Beep[])[] = [
  // Ⅰ: two times three fast, rising, sharp
  [0, 0.16, 0.32, 0.8, 0.96, 1.12].map((at, i) => ({ at, hz: [740, 880, 1046][i % 3]!, length: 0.12, wave: 'square', gain: 0.5 })),
  // Ⅱ: two long ones, falling
  [0, 0.5].map((at, i) => ({ at, hz: [660, 495][i]!, length: 0.42, wave: 'triangle', gain: 1 })),
  // Ⅲ and Ⅳ: one soft
  [{ at: 0, hz: 440, length: 0.2, wave: 'sine', gain: 0.8 }],
];

/** What a siren needs of a browser's AudioContext. */
export type Speaker = Pick<AudioContext, 'state' | 'currentTime' | 'destination' | 'resume' | 'createOscillator' | 'createGain'>;

export class Siren {
  #context: Speaker | undefined;
  readonly #make: () => Speaker;

  constructor(make: () => Speaker = () => new AudioContext()) {
    this.#make = make;
  }

  /** Whether sounds will be heard. */
  get ready(): boolean {
    return this.#context?.state === 'running';
  }

  /** To be called from a click or a key press. Resolves to whether sounds will be heard. */
  async enable(): Promise<boolean> {
    this.#context ??= this.#make();
    if (this.#context.state !== 'running') await this.#context.resume().catch(() => undefined);
    return this.ready;
  }

  /** Plays the pattern of a level; volume is 0 to 1. */
  play(severity: string, volume: number): void {
    const c = this.#context;
    if (!c || c.state !== 'running' || volume <= 0) return;
    for (const b of patterns[Math.min(lookOf(severity).rank, patterns.length - 1)]!) {
      const start = c.currentTime + 0.02 + b.at;
      const loud = 0.5 * b.gain * Math.min(volume, 1);
      const tone = c.createOscillator();
      const level = c.createGain();
      tone.type = b.wave;
      tone.frequency.value = b.hz;
      // Short ramps: a tone that is cut clicks.
      level.gain.setValueAtTime(0, start);
      level.gain.linearRampToValueAtTime(loud, start + 0.015);
      level.gain.setValueAtTime(loud, start + b.length - 0.03);
      level.gain.linearRampToValueAtTime(0, start + b.length);
      tone.connect(level).connect(c.destination);
      tone.start(start);
      tone.stop(start + b.length);
    }
  }
}

/** For how long sounds are muted at a time, ms. */
export const muteFor = 10 * 60_000;

/** Whether a sound is due again: the highest level repeats until somebody acknowledges it. */
export function dueAgain(loudest: string | undefined, last: number, now: number): boolean {
  return loudest === 'red' && now - last >= sirenEvery;
}

/** How often the highest level sounds, ms. */
export const sirenEvery = 30_000;
