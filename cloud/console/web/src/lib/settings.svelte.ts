// What the viewer chose, kept in localStorage: language, colours, text size, sound, name.
import { initialLanguage, locale, term, translate, type Group, type Key, type Language, type Params } from './i18n/translate';

export type Theme = 'auto' | 'light' | 'dark';
export type Size = 'normal' | 'large';

function read(name: string): string | null {
  try {
    return localStorage.getItem(`lamppost.${name}`);
  } catch {
    return null; // storage is forbidden: choices last as long as the page
  }
}

export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`lamppost.${name}`, value);
  } catch {
    // as above
  }
}

function oneOf<T extends string>(value: string | null, allowed: readonly T[], otherwise: T): T {
  return allowed.find((a) => a === value) ?? otherwise;
}

/** A number from 0 to 1, as it was kept. */
function within(value: string | null, otherwise: number): number {
  const n = Number(value);
  return value !== null && n >= 0 && n <= 1 ? n : otherwise;
}

const systemDark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

class Settings {
  language = $state<Language>(initialLanguage(read('language'), globalThis.navigator?.languages ?? []));
  theme = $state<Theme>(oneOf(read('theme'), ['auto', 'light', 'dark'], 'auto'));
  #systemDark = $state(systemDark?.matches ?? false);
  /** What is shown goes on paper: in light colours, in full. */
  printing = $state(false);
  dark = $derived(!this.printing && (this.theme === 'dark' || (this.theme === 'auto' && this.#systemDark)));
  size = $state<Size>(oneOf(read('size'), ['normal', 'large'], 'normal'));
  sound = $state(read('sound') === 'on');
  /** Loudness of sounds, 0 to 1. */
  volume = $state(within(read('volume'), 0.6));
  /** No sounds until then, in the aggregator's time; 0: they are not muted. */
  mutedUntil = $state(Number(read('muted')) || 0);
  /** Keys of one letter do something. */
  keys = $state(read('keys') !== 'off');
  /** The name last given with an acknowledgement. */
  name = $state(read('name') ?? '');

  setLanguage(l: Language) {
    this.language = l;
    keep('language', l);
    this.apply();
  }
  setTheme(t: Theme) {
    this.theme = t;
    keep('theme', t);
    this.apply();
  }
  setSize(s: Size) {
    this.size = s;
    keep('size', s);
    this.apply();
  }
  setPrinting(on: boolean) {
    this.printing = on;
    this.apply();
  }
  setSound(on: boolean) {
    this.sound = on;
    keep('sound', on ? 'on' : 'off');
  }
  setVolume(v: number) {
    this.volume = v;
    keep('volume', String(v));
  }
  setMuted(until: number) {
    this.mutedUntil = until;
    keep('muted', String(until));
  }
  setKeys(on: boolean) {
    this.keys = on;
    keep('keys', on ? 'on' : 'off');
  }
  setName(n: string) {
    this.name = n;
    keep('name', n);
  }

  constructor() {
    systemDark?.addEventListener('change', (e) => {
      this.#systemDark = e.matches;
      this.apply();
    });
  }

  /** Writes the choices where style sheets and screen readers find them. */
  apply() {
    const root = document.documentElement;
    root.lang = locale[this.language];
    root.dataset['theme'] = this.dark ? 'dark' : 'light';
    root.dataset['size'] = this.size;
    // Under which name it is put on a phone's first screen.
    document.querySelector('link[rel=manifest]')?.setAttribute('href', `/${this.language}.webmanifest`);
  }
}

export const settings = new Settings();

/** The text for key in the viewer's language; follows the switch. */
export function t(key: Key, params?: Params): string {
  return translate(settings.language, key, params);
}

/** The text for a word of the protocol in the viewer's language. */
export function word(group: Group, w: string): string {
  return term(settings.language, group, w);
}
