import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { languages, locale } from './i18n/translate';

test.each(languages)('the console can be put on a phone, with its name in %s', (language) => {
  const m = JSON.parse(readFileSync(`public/${language}.webmanifest`, 'utf8')) as {
    lang: string; name: string; display: string; start_url: string; icons: { src: string; sizes: string }[];
  };
  expect([m.lang, m.display, m.start_url]).toEqual([locale[language], 'standalone', '/']);
  expect(m.name).toMatch(language === 'zh' ? /控制台/ : /console/);
  expect(m.icons.every((i) => existsSync(`public${i.src}`))).toBe(true);
  expect(m.icons.length).toBeGreaterThan(0);
});

test('nothing is kept by a service worker: what is shown is always asked for', () => {
  expect(readFileSync('src/main.ts', 'utf8') + readFileSync('index.html', 'utf8')).not.toMatch(/serviceWorker/);
});
