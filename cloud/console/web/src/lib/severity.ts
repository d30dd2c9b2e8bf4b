// The four levels: order, numeral and shape. A level is always shown as shape,
// word and colour together, so that it is read without seeing colours.
import type { Severity } from './api';

interface Look {
  /** 0 is the most severe. */
  rank: number;
  numeral: string;
  shape: 'octagon' | 'triangle' | 'diamond' | 'circle' | 'hollow';
}

const looks: Readonly<Record<Severity, Look>> = {
  red: { rank: 0, numeral: 'Ⅰ', shape: 'octagon' },
  orange: { rank: 1, numeral: 'Ⅱ', shape: 'triangle' },
  yellow: { rank: 2, numeral: 'Ⅲ', shape: 'diamond' },
  blue: { rank: 3, numeral: 'Ⅳ', shape: 'circle' },
};

export const severities: readonly Severity[] = ['red', 'orange', 'yellow', 'blue'];

export function isSeverity(word: string): word is Severity {
  return Object.hasOwn(looks, word);
}

/** How a level looks; a word that is not one of the four gets a hollow shape and sorts last. */
export function lookOf(severity: string): Look {
  return isSeverity(severity) ? looks[severity] : { rank: 4, numeral: '', shape: 'hollow' };
}

/** Levels that interrupt a screen reader and repeat their sound. */
export function isUrgent(severity: string): boolean {
  return severity === 'red' || severity === 'orange';
}

/** The more severe of two; an empty one is none. */
export function worse(a: string, b: string): string {
  if (!a || !b) return a || b;
  return lookOf(a).rank <= lookOf(b).rank ? a : b;
}
