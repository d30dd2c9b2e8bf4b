import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { en } from './en';
import { headline, initialLanguage, messages, pick, term, translate, type Key, type Message } from './translate';
import { zh } from './zh';

const keys = Object.keys(en) as Key[];
const forms = (m: Message): string[] => (typeof m === 'string' ? [m] : [m.one, m.other]);
const holes = (m: Message) => [...new Set(forms(m).flatMap((f) => f.match(/\{\w+\}/g) ?? []))].sort();
const everything = (m: Readonly<Record<string, Message>>) => Object.entries(m).flatMap(([k, v]) => forms(v).map((f) => [k, f] as const));

/** All sources of the console but tests and the messages themselves. */
function sources(dir: string): string {
  return readdirSync(dir, { withFileTypes: true })
    .map((e) => {
      const path = join(dir, e.name);
      if (e.isDirectory()) return e.name === 'i18n' ? '' : sources(path);
      return /\.(ts|svelte)$/.test(e.name) && !e.name.endsWith('.test.ts') ? readFileSync(path, 'utf8') : '';
    })
    .join('\n');
}

describe('the two languages', () => {
  test('have the same keys in the same order', () => {
    expect(Object.keys(zh)).toEqual(keys);
  });

  test('have the same holes in each text', () => {
    for (const key of keys) expect(holes(messages.zh[key]), key).toEqual(holes(messages.en[key]));
  });

  test('leave no text empty', () => {
    for (const m of [en, zh]) for (const [k, f] of everything(m)) expect(f.trim(), k).not.toBe('');
  });

  test('are each in their own script', () => {
    for (const [k, f] of everything(en)) expect(f, k).not.toMatch(/\p{Script=Han}/u);
    // Names of things are the same everywhere; all else is Chinese.
    const names = new Set(['app.name']);
    for (const [k, f] of everything(zh)) {
      if (!names.has(k) && !/^(summary\.online|gateways\.shown|quality\.why|duration\.pair|alert\.for)$/.test(k)) {
        expect(f, k).toMatch(/\p{Script=Han}/u);
      }
    }
  });

  test('use Chinese punctuation in Chinese', () => {
    for (const [k, f] of everything(zh)) expect(f, k).not.toMatch(/\p{Script=Han}[,;:?!]/u);
  });
});

describe('what must not be said', () => {
  const all = () => `${[...everything(en), ...everything(zh)].map(([, f]) => f).join('\n')}\n${sources('src')}`;

  test('coloured warnings belong to the authorities', () => {
    expect(all()).not.toMatch(/[红橙黄蓝]色?\s*(预警|警报)/);
  });

  test('levels are written as the numeral, then the colour', () => {
    expect(['red', 'orange', 'yellow', 'blue'].map((s) => term('zh', 'severity', s))).toEqual([
      'Ⅰ级(红)',
      'Ⅱ级(橙)',
      'Ⅲ级(黄)',
      'Ⅳ级(蓝)',
    ]);
  });

  test('a pre-alert is 预警, an alert 告警', () => {
    expect(zh['stage.forecast']).toBe('预警');
    expect(zh['stage.actual']).toBe('告警');
    for (const [k, f] of everything(zh)) {
      if (f.includes('预警')) expect(k, f).toMatch(/^(stage\.forecast|what\.(actual|forecast))$/);
    }
  });
});

test('every key is used somewhere', () => {
  const code = sources('src');
  const dynamic = /^(why|what|replay\.wrong|device|severity|refused|missing|quality|clock|conn|chart|display\.theme|display\.size|alert\.condition|moment|gateway\.health|case\.state|case\.source|step|result|resolution|role|task|area\.level|audit\.result|told\.state|told\.kind|import|day|fleet|shift\.state|shift\.count|ill|perf\.(span|verdict|figure|way|late\.age))\./;
  expect(keys.filter((k) => !code.includes(`'${k}'`) && !dynamic.test(k))).toEqual([]);
});

describe('texts', () => {
  test('are filled in, numbers grouped', () => {
    expect(translate('en', 'gateway.waiting', { n: 18422 })).toBe('18,422 records waiting');
    expect(translate('zh', 'alert.since.at', { time: '14:02' })).toBe('14:02 起');
    expect(translate('en', 'alert.since.at')).toBe('since {time}');
  });

  test('follow the plural of their language', () => {
    expect(translate('en', 'gateway.devices', { n: 1 })).toBe('1 device');
    expect(translate('en', 'gateway.devices', { n: 2 })).toBe('2 devices');
    expect(translate('zh', 'gateway.devices', { n: 1 })).toBe('1 台设备');
  });

  test('show unknown words of the protocol as they came', () => {
    expect(term('zh', 'why', 'rate')).toBe('变化过快');
    expect(term('zh', 'why', 'brand-new')).toBe('brand-new');
    expect(term('en', 'why', 'constructor')).toBe('constructor');
  });
});

test('every reason, fault and gap that the wire knows has words', () => {
  const words =
    'range rate flat spike stale warm-up calibration maintenance instrument no-echo absent not-a-number time lost sparse unclear gap season attenuated alone neighbour place ' +
    'timeout checksum protocol exception wrong-part unplugged busy device stopped error ' +
    'killed power disk-full damage quota overload overflow refused unreadable retention no-data';
  for (const w of words.split(' ')) expect(`why.${w}` in en, w).toBe(true);
});

describe('a text of the sender', () => {
  test.each([
    ['zh', { zh: '水', en: 'water' }, '水', 'zh'],
    ['en', { zh: '水', en: 'water' }, 'water', 'en'],
    ['en', { zh: '水' }, '水', 'zh'],
    ['zh', { en: 'water' }, 'water', 'en'],
    ['zh', { 'zh-CN': '水', en: 'water' }, '水', 'zh-CN'],
    ['en', { fr: 'eau' }, 'eau', 'fr'],
  ] as const)('for %s from %o', (language, texts, text, lang) => {
    expect(pick(language, texts)).toEqual({ text, lang });
  });

  test('may be missing', () => {
    expect(pick('en', undefined)).toBeUndefined();
    expect(pick('en', { zh: '' })).toBeUndefined();
  });
});

test.each([
  ['water level', 'Water level'],
  ['noise', 'Noise'],
  ['pH', 'pH'],
  ['pm2.5', 'pm2.5'],
  ['PM10', 'PM10'],
  ['水位', '水位'],
  ['', ''],
])('%s at the head of a line', (text, want) => expect(headline(text)).toBe(want));

test.each([
  ['zh', ['en-GB'], 'zh'],
  ['en', ['zh-CN'], 'en'],
  [null, ['zh-Hans-CN', 'en'], 'zh'],
  [null, ['de-DE', 'zh-TW', 'en'], 'zh'],
  [null, ['en-US', 'zh'], 'en'],
  [null, ['fr'], 'en'],
  ['klingon', ['zh'], 'zh'],
] as const)('kept %s, browser %o', (kept, browser, want) => expect(initialLanguage(kept, browser)).toBe(want));
