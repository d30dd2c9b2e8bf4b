// Sounds for alerts: three patterns that differ in rhythm and pitch. A browser
// lets a page sound only after the viewer has touched it.
import { lookOf } from './severity';

interface Beep {
  at: number; // seconds from the start
  hz: number;
  length: number; // seconds
}

const patterns: readonly (readonly Beep[])[] = [
  // Ⅰ: two times three fast, rising
  [0, 0.16, 0.32, 0.8, 0.96, 1.12].map((at, i) => ({ at, hz: [740, 880, 1046][i % 3]!, length: 0.12 })),
  // Ⅱ: two slow
  [0, 0.45].map((at) => ({ at, hz: 660, length: 0.3 })),
  // Ⅲ and Ⅳ: one soft
  [{ at: 0, hz: 440, length: 0.25 }],
];

export class Siren {
  #context: AudioContext | undefined;

  /** Whether sounds will be heard. */
  get ready(): boolean {
    return this.#context?.state === 'running';
  }

  /** To be called from a click or a key press. Resolves to whether sounds will be heard. */
  async enable(): Promise<boolean> {
    this.#context ??= new AudioContext();
    if (this.#context.state !== 'running') await this.#context.resume().catch(() => undefined);
    return this.ready;
  }

  play(severity: string): void {
    const c = this.#context;
    if (!c || c.state !== 'running') return;
    for (const b of patterns[Math.min(lookOf(severity).rank, patterns.length - 1)]!) {
      const start = c.currentTime + 0.02 + b.at;
      const tone = c.createOscillator();
      const volume = c.createGain();
      tone.frequency.value = b.hz;
      // Short ramps: a tone that is cut clicks.
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.25, start + 0.015);
      volume.gain.setValueAtTime(0.25, start + b.length - 0.03);
      volume.gain.linearRampToValueAtTime(0, start + b.length);
      tone.connect(volume).connect(c.destination);
      tone.start(start);
      tone.stop(start + b.length);
    }
  }
}
