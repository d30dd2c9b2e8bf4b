// QR codes (ISO/IEC 18004:2015), as far as an authenticator app needs them: bytes,
// error correction level M, versions 1 to 12 (287 bytes). Drawn here, because a secret
// must not be sent to anybody to have it drawn.

/** Codewords of level M by version (table 9): of correction in each block, then [blocks, data codewords of each] twice. */
const layout: readonly (readonly [ecc: number, n1: number, k1: number, n2: number, k2: number])[] = [
  [10, 1, 16, 0, 0],
  [16, 1, 28, 0, 0],
  [26, 1, 44, 0, 0],
  [18, 2, 32, 0, 0],
  [24, 2, 43, 0, 0],
  [16, 4, 27, 0, 0],
  [18, 4, 31, 0, 0],
  [22, 2, 38, 2, 39],
  [22, 3, 36, 2, 37],
  [26, 4, 43, 1, 44],
  [30, 1, 50, 4, 51],
  [22, 6, 36, 2, 37],
];

/** Centres of the alignment patterns by version (annex E). */
const alignment: readonly (readonly number[])[] = [
  [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50], [6, 30, 54], [6, 32, 58],
];

/** The masks (table 10): a module is turned over where it is true. */
const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** Rows of modules; true is dark. There is no quiet zone around them. */
export type Modules = readonly (readonly boolean[])[];

/** The symbol that holds a text. Throws a RangeError when it has more than 287 bytes of UTF-8. */
export function qr(text: string): Modules {
  const bytes = new TextEncoder().encode(text);
  const version = 1 + layout.findIndex(([, n1, k1, n2, k2], i) => bytes.length <= n1 * k1 + n2 * k2 - (i < 9 ? 2 : 3));
  if (version === 0) throw new RangeError(`${bytes.length} bytes are too many for a QR code of version 12`);
  const stream = interleave(pack(bytes, version), version);
  const drawn = masks.map((_, mask) => draw(stream, version, mask));
  return drawn.reduce((best, m) => (penalty(m) < penalty(best) ? m : best));
}

/** The data codewords: mode, length, bytes, filled up (7.4). */
function pack(bytes: Uint8Array, version: number): number[] {
  const [, n1, k1, n2, k2] = layout[version - 1]!;
  const bits: number[] = [];
  const put = (value: number, n: number) => {
    for (let i = n - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const b of bytes) put(b, 8);
  const capacity = (n1 * k1 + n2 * k2) * 8;
  put(0, Math.min(4, capacity - bits.length));
  put(0, -bits.length & 7);
  for (let pad = 0xec; bits.length < capacity; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Array.from({ length: capacity / 8 }, (_, i) => bits.slice(i * 8, i * 8 + 8).reduce((a, b) => a * 2 + b, 0));
}

/** The product in the field of 256 elements modulo x⁸+x⁴+x³+x²+1. */
export function multiply(a: number, b: number): number {
  let product = 0;
  for (let i = 7; i >= 0; i--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> i) & 1) * a;
  }
  return product;
}

/** The correction codewords of a block: the remainder by the generator polynomial (7.5.2). */
function correct(data: readonly number[], degree: number): number[] {
  const generator = Array<number>(degree).fill(0);
  generator[degree - 1] = 1;
  for (let i = 0, root = 1; i < degree; i++, root = multiply(root, 2)) {
    for (let j = 0; j < degree; j++) generator[j] = multiply(generator[j]!, root) ^ (generator[j + 1] ?? 0);
  }
  const rest = Array<number>(degree).fill(0);
  for (const d of data) {
    const factor = d ^ rest.shift()!;
    rest.push(0);
    generator.forEach((g, i) => (rest[i] = rest[i]! ^ multiply(g, factor)));
  }
  return rest;
}

/** All codewords in the order in which they are drawn (7.6). */
function interleave(data: readonly number[], version: number): number[] {
  const [ecc, n1, k1, n2, k2] = layout[version - 1]!;
  const blocks: number[][] = [];
  for (let i = 0, at = 0; i < n1 + n2; i++) {
    const k = i < n1 ? k1 : k2;
    blocks.push(data.slice(at, at + k));
    at += k;
  }
  const checks = blocks.map((b) => correct(b, ecc));
  const columns = (list: readonly number[][], n: number) =>
    Array.from({ length: n }, (_, i) => list.flatMap((b) => (i < b.length ? [b[i]!] : []))).flat();
  return [...columns(blocks, Math.max(k1, k2)), ...columns(checks, ecc)];
}

class Grid {
  readonly dark: boolean[][];
  readonly fixed: boolean[][];
  constructor(readonly size: number) {
    this.dark = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
    this.fixed = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  }
  /** Sets a module that holds no data; one outside is left out. */
  set(x: number, y: number, dark: boolean): void {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.dark[y]![x] = dark;
    this.fixed[y]![x] = true;
  }
}

function draw(stream: readonly number[], version: number, mask: number): Modules {
  const g = new Grid(17 + 4 * version);
  const last = g.size - 7;
  for (let i = 0; i < g.size; i++) {
    g.set(6, i, i % 2 === 0);
    g.set(i, 6, i % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [g.size - 4, 3], [3, g.size - 4]] as const) square(g, cx, cy, 4, [2, 4]);
  const centres = alignment[version - 1]!;
  for (const x of centres) {
    for (const y of centres) {
      if ((x === 6 && (y === 6 || y === last)) || (x === last && y === 6)) continue;
      square(g, x, y, 2, [1]);
    }
  }
  writeFormat(g, mask);
  if (version >= 7) writeVersion(g, version);
  writeData(g, stream, masks[mask]!);
  return g.dark;
}

/** A square of rings around a centre; those at the distances in light are light. */
function square(g: Grid, cx: number, cy: number, reach: number, light: readonly number[]) {
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) g.set(cx + dx, cy + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
  }
}

/** The remainder of value·2ⁿ by a polynomial of degree n: BCH codes (annexes C and D). */
function bch(value: number, polynomial: number, n: number): number {
  let rest = value;
  for (let i = 0; i < n; i++) rest = (rest << 1) ^ ((rest >> (n - 1)) * polynomial);
  return (value << n) | rest;
}

/** Level and mask, twice (7.9). Level M is 00. */
function writeFormat(g: Grid, mask: number) {
  const bits = bch(mask, 0x537, 10) ^ 0x5412;
  const bit = (i: number) => ((bits >> i) & 1) === 1;
  for (let i = 0; i < 15; i++) {
    // Beside the upper left finder pattern, around its corner, without the timing pattern.
    if (i < 8) g.set(8, i < 6 ? i : i + 1, bit(i));
    else g.set(i === 8 ? 7 : 14 - i, 8, bit(i));
    // And half below the upper right, half beside the lower left one.
    if (i < 8) g.set(g.size - 1 - i, 8, bit(i));
    else g.set(8, g.size - 15 + i, bit(i));
  }
  g.set(8, g.size - 8, true);
}

/** The version, twice (7.10). */
function writeVersion(g: Grid, version: number) {
  const bits = bch(version, 0x1f25, 12);
  for (let i = 0; i < 18; i++) {
    const dark = ((bits >> i) & 1) === 1;
    const a = g.size - 11 + (i % 3);
    const b = Math.floor(i / 3);
    g.set(a, b, dark);
    g.set(b, a, dark);
  }
}

/** The codewords in pairs of columns, up and down, from the right (7.7.3), with the mask. */
function writeData(g: Grid, stream: readonly number[], turned: (x: number, y: number) => boolean) {
  let n = 0;
  for (let right = g.size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5; // the timing pattern's column is left out
    const up = ((right + 1) & 2) === 0;
    for (let i = 0; i < g.size; i++) {
      const y = up ? g.size - 1 - i : i;
      for (const x of [right, right - 1]) {
        if (g.fixed[y]![x]) continue;
        const bit = (((stream[n >> 3] ?? 0) >> (7 - (n & 7))) & 1) === 1;
        n++;
        g.dark[y]![x] = bit !== turned(x, y);
      }
    }
  }
}

/** How hard a symbol is to read (7.8.3.1): runs, blocks, what looks like a finder, too much of one colour. */
function penalty(m: Modules): number {
  const columns = m.map((_, x) => m.map((row) => row[x]!));
  let sum = 0;
  for (const line of [...m, ...columns]) {
    const text = line.map((d) => (d ? '1' : '0')).join('');
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    sum += 40 * (text.match(/(?=10111010000|00001011101)/g) ?? []).length;
  }
  for (let y = 1; y < m.length; y++) {
    for (let x = 1; x < m.length; x++) {
      const d = m[y]![x];
      if (d === m[y - 1]![x] && d === m[y]![x - 1] && d === m[y - 1]![x - 1]) sum += 3;
    }
  }
  const share = m.flat().filter(Boolean).length / m.length ** 2;
  return sum + 10 * Math.floor(Math.abs(share * 100 - 50) / 5);
}

/** The path of an SVG image that draws the dark modules, one unit each, with the quiet zone of 4 units around. */
export function path(m: Modules): string {
  const parts: string[] = [];
  m.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (dark && !row[x - 1]) {
        let n = 1;
        while (row[x + n]) n++;
        parts.push(`M${x + 4} ${y + 4}h${n}v1h-${n}z`);
      }
    }),
  );
  return parts.join('');
}
