// Turns keys into text. Pure: the language comes in, text goes out.
import { en } from './en';
import { zh } from './zh';

export type Key = keyof typeof en;
/** A text, or a pair chosen by the plural rules of the language. */
export type Message = string | { one: string; other: string };
export type Messages = Readonly<Record<Key, Message>>;
export type Language = 'zh' | 'en';
export type Params = Readonly<Record<string, string | number>>;

export const languages: readonly Language[] = ['zh', 'en'];
export const messages: Readonly<Record<Language, Messages>> = { zh, en };
/** The tag for `lang` attributes and for Intl. */
export const locale: Readonly<Record<Language, string>> = { zh: 'zh-CN', en: 'en-GB' };

const plural = { zh: new Intl.PluralRules('zh-CN'), en: new Intl.PluralRules('en-GB') };
const count = { zh: new Intl.NumberFormat('zh-CN'), en: new Intl.NumberFormat('en-GB') };

/** The text for key. Numbers among params are grouped as the language does. */
export function translate(language: Language, key: Key, params: Params = {}): string {
  let text = messages[language][key];
  if (typeof text !== 'string') {
    text = plural[language].select(Number(params['n'])) === 'one' ? text.one : text.other;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const p = params[name];
    if (p === undefined) return whole;
    return typeof p === 'number' ? count[language].format(p) : p;
  });
}

/** The kinds of words that the protocol has. */
export type Group =
  | 'why' | 'what' | 'moment' | 'device' | 'severity' | 'refused' | 'missing'
  | 'case.state' | 'case.source' | 'step' | 'result' | 'resolution' | 'task' | 'role' | 'area.level'
  | 'audit.result' | 'told.state' | 'told.kind' | 'import' | 'day';

/** The text for a word of the protocol such as why.rate; a word that is not known is shown as it came. */
export function term(language: Language, group: Group, word: string): string {
  const key = `${group}.${word}`;
  return key in en ? translate(language, key as Key) : word;
}

/** The best of a sender's texts, and the language it is in. Undefined when there is none. */
export function pick(
  language: Language,
  texts: Readonly<Record<string, string>> | null | undefined,
): { text: string; lang: string } | undefined {
  if (!texts) return undefined;
  for (const lang of [language, language === 'zh' ? 'zh-CN' : 'en-GB', 'en', 'zh', ...Object.keys(texts)]) {
    const text = texts[lang];
    if (text) return { text, lang };
  }
  return undefined;
}

/** A text as it stands at the head of a line: "water level" becomes "Water level", "pH" stays. */
export function headline(text: string): string {
  return /^[a-z]+(?![A-Za-z0-9])/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** The language to begin with: the one kept from last time, else the browser's first that we have. */
export function initialLanguage(kept: string | null, browser: readonly string[]): Language {
  if (kept === 'zh' || kept === 'en') return kept;
  for (const tag of browser) {
    if (/^zh\b/i.test(tag)) return 'zh';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}
