// Streams side by side: what is in the address, how they are grouped, told apart and exported.
/** Names a stream. */
export interface StreamId {
  gateway: string;
  device: string;
  channel: string;
}

/** As many streams as can be told apart, and as one export may have. */
export const mostStreams = 8;

export const ranges = { '15m': 900_000, '1h': 3_600_000, '6h': 21_600_000, '24h': 86_400_000, '7d': 604_800_000 } as const;
export type Range = keyof typeof ranges;
export const rangeNames = Object.keys(ranges) as readonly Range[];

/** What is looked at: a span that ends now, or one of one's own. */
export interface Choice {
  keys: readonly string[];
  range: Range;
  /** Unix ms; undefined: the range up to now. */
  own: { from: number; to: number } | undefined;
}

/** The parts of gateway/device/channel; undefined for what is no stream. */
export function parseKey(key: string): StreamId | undefined {
  const [gateway, device, channel, more] = key.split('/');
  return gateway && device && channel && more === undefined ? { gateway, device, channel } : undefined;
}

/** Reads the address: /streams?s=gw/dev/ch&s=…&range=6h or &from=…&to=… */
export function readChoice(q: URLSearchParams): Choice {
  const keys = [...new Set(q.getAll('s'))].filter((k) => parseKey(k)).slice(0, mostStreams);
  const range = rangeNames.find((r) => r === q.get('range')) ?? '1h';
  const [from, to] = [Number(q.get('from')), Number(q.get('to'))];
  const good = Number.isSafeInteger(from) && Number.isSafeInteger(to) && from > 0 && to > from && to < 7_258_118_400_000;
  return { keys, range, own: good ? { from, to } : undefined };
}

export function writeChoice(c: Choice): URLSearchParams {
  const q = new URLSearchParams(c.keys.map((k) => ['s', k]));
  if (c.own) {
    q.set('from', String(Math.round(c.own.from)));
    q.set('to', String(Math.round(c.own.to)));
  } else if (c.range !== '1h') q.set('range', c.range);
  return q;
}

/** Groups streams by unit, in the order in which they were chosen: each unit has a chart of its own. */
export function panesOf<T>(list: readonly T[], unit: (x: T) => string): T[][] {
  const by = new Map<string, T[]>();
  for (const x of list) {
    const pane = by.get(unit(x));
    if (pane) pane.push(x);
    else by.set(unit(x), [x]);
  }
  return [...by.values()];
}

/** By what a stream is known on the charts: a letter, a dash and a colour, of which one is enough. */
export interface Sign {
  letter: string;
  /** CSS pixels; empty: a whole line. */
  dash: readonly number[];
  light: string;
  dark: string;
}

export const signs: readonly Sign[] = [
  { letter: 'A', dash: [], light: '#0b5a96', dark: '#7cc0ee' },
  { letter: 'B', dash: [9, 4], light: '#b04a00', dark: '#f0a35a' },
  { letter: 'C', dash: [2, 3], light: '#00705a', dark: '#4fd1ae' },
  { letter: 'D', dash: [12, 3, 2, 3], light: '#8a3a78', dark: '#e59bd0' },
  { letter: 'E', dash: [5, 3], light: '#6b5200', dark: '#e8d95a' },
  { letter: 'F', dash: [16, 4], light: '#4a4fb0', dark: '#b3b5ff' },
  { letter: 'G', dash: [2, 6], light: '#4d5c67', dark: '#c2ccd3' },
  { letter: 'H', dash: [9, 3, 2, 3, 2, 3], light: '#14202a', dark: '#ffffff' },
];

/** What an export is fetched from. */
export function exportURL(keys: readonly string[], span: { from: number; to: number }, format: 'csv' | 'excel' | 'parquet', lang: string): string {
  const q = new URLSearchParams(keys.map((k) => ['s', k]));
  q.set('from', String(Math.floor(span.from)));
  q.set('to', String(Math.ceil(span.to)));
  q.set('format', format === 'parquet' ? 'parquet' : 'csv');
  if (format === 'excel') q.set('bom', '1');
  q.set('lang', lang);
  return `/export?${q}`;
}
