// Keys of one letter, for who works a shift without a mouse. They act only outside fields and
// dialogs, can be switched off, and none of them does anything that cannot be undone: those that
// change something open its dialog.
import { alerts } from './alerts.svelte';
import { dialogs } from './dialogs.svelte';
import { identity } from './identity.svelte';
import type { Key } from './i18n/translate';
import { href, router } from './router.svelte';
import { settings } from './settings.svelte';
import { severities } from './severity';

/** One thing that a key does. */
export interface Shortcut {
  /** As it is written in the help, one or two keys. */
  keys: readonly string[];
  text: Key;
  /** Whether it does something on this page. */
  works: () => boolean;
}

/** Where g and a letter lead; a page that is not in the navigation is left out. */
export const places: Readonly<Record<string, string>> = {
  s: '/', a: '/alerts', c: '/cases', t: '/streams', f: '/fleet', d: '/duty', p: '/performance',
};

/** How long after g a letter still belongs to it, ms. */
const patience = 1500;

const rowOf = '[data-case]:not(tr), li[data-alert]';
const seen = (e: Element) => e.checkVisibility();
const all = <E extends Element = HTMLElement>(what: string) => [...document.querySelectorAll<E>(`main ${what}`)].filter(seen);

/** The links of the rows of a page, from above. */
function links(): HTMLAnchorElement[] {
  return [...document.querySelectorAll<HTMLElement>('main :is([data-case]:not(tr), li[data-alert])')]
    .map((r) => r.querySelector<HTMLAnchorElement>('h3 a'))
    .filter((a): a is HTMLAnchorElement => !!a && seen(a));
}

const current = () => document.activeElement?.closest<HTMLElement>(rowOf) ?? undefined;

function show(a: HTMLAnchorElement | undefined): boolean {
  if (!a) return false;
  a.focus({ preventScroll: true });
  a.closest(rowOf)?.scrollIntoView({ block: 'nearest' });
  return true;
}

function step(by: number): boolean {
  const list = links();
  const row = current();
  const at = row ? list.findIndex((a) => row.contains(a)) : -1;
  return show(at < 0 ? list[by > 0 ? 0 : list.length - 1] : list[at + by]);
}

const unseen = (a: HTMLAnchorElement) => {
  const row = a.closest<HTMLElement>(rowOf);
  if (row?.dataset['then']) return false; // of the past
  const id = row?.dataset['alert'];
  return id ? !alerts.get(id)?.acknowledged : row?.dataset['state'] === 'raised';
};

/** The next one that nobody has acknowledged; where there is none, the page that has them. */
function nextUnseen(): boolean {
  const list = links();
  const row = current();
  const at = row ? list.findIndex((a) => row.contains(a)) : -1;
  const next = [...list.slice(at + 1), ...list.slice(0, at + 1)].find((a) => unseen(a) && !row?.contains(a));
  if (!next && !list.some(unseen)) router.go(identity.me ? `${href.cases()}?only=unseen` : href.alerts());
  return show(next) || !next;
}

/** What a key that changes something is about: the row with the focus, or the page's own case or alert. */
function deed(action: string): boolean {
  const row = current();
  const alert = row?.dataset['alert'];
  if (row?.dataset['then']) return false;
  if (alert) {
    if (action === 'acknowledge') dialogs.acknowledging = alerts.get(alert);
    return action === 'acknowledge' && !alerts.get(alert)?.acknowledged;
  }
  const id = row?.dataset['case'];
  if (id) {
    dialogs.deed = { id, action };
    return true;
  }
  const button = all(`[data-do=${action}]`)[0];
  button?.click();
  return !!button;
}
const canDo = (action: string) => () => {
  const row = current();
  if (row?.dataset['then']) return false;
  if (row?.dataset['alert']) return action === 'acknowledge';
  return !!row?.dataset['case'] || all(`[data-do=${action}]`).length > 0 || links().some((a) => (action === 'acknowledge' && !a.closest('[data-then]')) || a.closest('[data-case]'));
};

/** Shows the rows of one level, by whichever filter the page has; the same again shows all. */
function level(n: number): boolean {
  const want = severities[n];
  const button = all(`button[data-count=${want}]`)[0];
  if (button) button.click();
  const select = all<HTMLSelectElement>('select').find((s) => [...s.options].some((o) => o.value === want));
  if (!button && select && want) {
    select.value = select.value === want ? '' : want;
    select.dispatchEvent(new Event('change', { bubbles: true }));
  }
  return !!(button ?? select);
}
const hasLevels = () => all('button[data-count=red]').length > 0 || all<HTMLSelectElement>('select').some((s) => [...s.options].some((o) => o.value === 'red'));

const into = (what: string) => () => {
  const e = all(what)[0];
  e?.focus();
  return !!e;
};
const search = 'input[type=search]';
const filter = ':is([role=group], [role=search]) :is(select, button)';

interface Press extends Shortcut {
  do: () => boolean;
}

const always = () => true;
const rows = () => links().length > 0;

/** By the key that is pressed. */
const table: Readonly<Record<string, Press>> = {
  j: { keys: ['j', '↓'], text: 'keys.down', works: rows, do: () => step(1) },
  k: { keys: ['k', '↑'], text: 'keys.up', works: rows, do: () => step(-1) },
  Enter: { keys: ['Enter'], text: 'keys.open', works: rows, do: () => false }, // the link itself
  n: { keys: ['n'], text: 'keys.unseen', works: always, do: nextUnseen },
  a: { keys: ['a'], text: 'keys.acknowledge', works: canDo('acknowledge'), do: () => deed('acknowledge') },
  s: { keys: ['s'], text: 'keys.shelve', works: canDo('shelve'), do: () => deed('shelve') },
  c: { keys: ['c'], text: 'keys.comment', works: canDo('note'), do: () => deed('note') },
  p: { keys: ['p'], text: 'keys.replay', works: canDo('replay'), do: () => deed('replay') },
  '/': { keys: ['/'], text: 'keys.search', works: () => all(search).length > 0, do: into(search) },
  f: { keys: ['f'], text: 'keys.filter', works: () => all(filter).length > 0, do: into(filter) },
  1: { keys: ['1', '2', '3', '4'], text: 'keys.level', works: hasLevels, do: () => level(0) },
  w: { keys: ['w'], text: 'keys.wall', works: always, do: () => (router.go(href.wall()), true) },
  d: { keys: ['d'], text: 'keys.night', works: always, do: () => (settings.setTheme(settings.dark ? 'light' : 'dark'), true) },
  '?': { keys: ['?'], text: 'keys.help', works: always, do: () => (dialogs.help = true) },
};

/** The links of the navigation, by the letter that leads there. */
export function destinations(): { letter: string; text: string; href: string }[] {
  const nav = [...document.querySelectorAll<HTMLAnchorElement>('header nav a')];
  return Object.entries(places).flatMap(([letter, path]) => {
    const a = nav.find((x) => x.pathname === path);
    return a ? [{ letter, text: a.firstChild?.textContent?.trim() ?? path, href: path }] : [];
  });
}

/** What works on the page as it is. */
export function shortcuts(): Shortcut[] {
  return Object.values(table).filter((k) => k.works());
}

const typing = (e: EventTarget | null) =>
  e instanceof HTMLElement && (e.isContentEditable || e.matches('textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=range])'));

/** Whether keys of one letter do something where the focus is. */
function free(e: KeyboardEvent): boolean {
  return settings.keys && !e.defaultPrevented && !e.ctrlKey && !e.metaKey && !e.altKey && !typing(e.target) && !document.querySelector('dialog[open]');
}

let waiting = 0; // g was pressed, until then

/** Takes a key press of the page. */
export function pressed(e: KeyboardEvent): void {
  if (!free(e)) {
    waiting = 0;
    return;
  }
  const now = performance.now();
  const second = now < waiting;
  waiting = 0;
  if (second ? go(e.key) : act(e, now)) e.preventDefault();
}

function go(letter: string): boolean {
  if (letter === 'h' && destinations().some((d) => d.letter === 'd')) {
    router.go(href.handover());
    return true;
  }
  const to = destinations().find((d) => d.letter === letter);
  if (to) router.go(to.href);
  return !!to;
}

function act(e: KeyboardEvent, now: number): boolean {
  if (e.key === 'g') {
    waiting = now + patience;
    return true;
  }
  // The arrows scroll, unless a row has the focus.
  if (e.key === 'ArrowDown' || e.key === 'ArrowUp') return !!current() && step(e.key === 'ArrowDown' ? 1 : -1);
  if (/^[1-4]$/.test(e.key)) return level(Number(e.key) - 1);
  const key = Object.hasOwn(table, e.key) ? table[e.key] : undefined;
  return !!key && key.do();
}
