import { describe, expect, test } from 'vitest';
import { multiply, path, qr, type Modules } from './qr';

// A reader that works the other way round, from the standard's figures alone: it takes the
// modules off, undoes the mask, sorts the blocks, checks each by its syndromes.

/** Level M: [blocks of each length, data codewords] and correction codewords of a block, by version. */
const blocks: Record<number, [ecc: number, ...list: [n: number, k: number][]]> = {
  1: [10, [1, 16]], 2: [16, [1, 28]], 3: [26, [1, 44]], 4: [18, [2, 32]], 5: [24, [2, 43]], 6: [16, [4, 27]], 7: [18, [4, 31]],
  8: [22, [2, 38], [2, 39]], 9: [22, [3, 36], [2, 37]], 10: [26, [4, 43], [1, 44]], 11: [30, [1, 50], [4, 51]], 12: [22, [6, 36], [2, 37]],
};
/** Format words of level M by mask and version words, as annexes C and D list them. */
const formats = [0x5412, 0x5125, 0x5e7c, 0x5b4b, 0x45f9, 0x40ce, 0x4f97, 0x4aa0];
const versions: Record<number, number> = { 7: 0x07c94, 8: 0x085bc, 9: 0x09a99, 10: 0x0a4d3, 11: 0x0bbf6, 12: 0x0c762 };

function word(m: Modules, at: readonly (readonly [x: number, y: number])[]): number {
  return at.reduce((w, [x, y]) => w * 2 + (m[y]![x] ? 1 : 0), 0);
}

function flip(mask: number, i: number, j: number): boolean {
  switch (mask) {
    case 0: return (i + j) % 2 === 0;
    case 1: return i % 2 === 0;
    case 2: return j % 3 === 0;
    case 3: return (i + j) % 3 === 0;
    case 4: return ((i >> 1) + Math.trunc(j / 3)) % 2 === 0;
    case 5: return ((i * j) % 2) + ((i * j) % 3) === 0;
    case 6: return (((i * j) % 2) + ((i * j) % 3)) % 2 === 0;
    default: return (((i * j) % 3) + ((i + j) % 2)) % 2 === 0;
  }
}

/** Whether a module belongs to a pattern, by where it stands. */
function isPattern(x: number, y: number, n: number, version: number): boolean {
  if (x === 6 || y === 6) return true;
  if ((x < 9 && y < 9) || (x > n - 9 && y < 9) || (x < 9 && y > n - 9)) return true;
  if (version >= 7 && ((x < 6 && y > n - 12) || (y < 6 && x > n - 12))) return true;
  if (version === 1) return false;
  const last = n - 7;
  const centres = version < 7 ? [last] : [6, (last + 6) / 2, last];
  const near = (v: number) => centres.find((c) => Math.abs(c - v) <= 2);
  const [cx, cy] = [near(x), near(y)];
  return cx !== undefined && cy !== undefined && !(cx === 6 && (cy === 6 || cy === last)) && !(cx === last && cy === 6);
}

function codewords(m: Modules, version: number, mask: number): number[] {
  const n = m.length;
  const bits: number[] = [];
  let up = true;
  for (let x = n - 1; x > 0; x -= x === 8 ? 3 : 2, up = !up) {
    for (let s = 0; s < n; s++) {
      const y = up ? n - 1 - s : s;
      for (const c of [x, x - 1]) if (!isPattern(c, y, n, version)) bits.push(Number(m[y]![c] !== flip(mask, y, c)));
    }
  }
  return Array.from({ length: bits.length >> 3 }, (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).join(''), 2));
}

/** What a symbol holds; throws where it is not a whole one. */
function read(m: Modules): string {
  const n = m.length;
  const version = (n - 17) / 4;
  const around = [...[0, 1, 2, 3, 4, 5, 7].map((x) => [x, 8] as const), ...[8, 7, 5, 4, 3, 2, 1, 0].map((y) => [8, y] as const)];
  const format = word(m, around);
  const mask = formats.indexOf(format);
  if (mask < 0) throw new Error(`format ${format.toString(16)}`);
  const apart = Array.from({ length: 15 }, (_, i) => (i < 7 ? ([8, n - 1 - i] as const) : ([n - 15 + i, 8] as const)));
  if (word(m, apart) !== format) throw new Error('the second format differs');
  if (version >= 7) {
    const cells = Array.from({ length: 18 }, (_, i) => [n - 11 + ((17 - i) % 3), Math.floor((17 - i) / 3)] as const);
    if (word(m, cells) !== versions[version] || word(m, cells.map(([x, y]) => [y, x] as const)) !== versions[version]) throw new Error('version');
  }
  const [ecc, ...groups] = blocks[version]!;
  const sizes = groups.flatMap(([count, k]) => Array<number>(count).fill(k));
  const parts: number[][] = sizes.map(() => []);
  const all = codewords(m, version, mask)[Symbol.iterator]();
  for (let i = 0; i < Math.max(...sizes); i++) sizes.forEach((k, b) => i < k && parts[b]!.push(all.next().value!));
  for (let i = 0; i < ecc; i++) parts.forEach((p) => p.push(all.next().value!));
  for (const p of parts) {
    for (let i = 0, root = 1; i < ecc; i++, root = multiply(root, 2)) {
      if (p.reduce((sum, c) => multiply(sum, root) ^ c, 0) !== 0) throw new Error(`syndrome ${i}`);
    }
  }
  const data = parts.flatMap((p, b) => p.slice(0, sizes[b])).map((c) => c.toString(2).padStart(8, '0')).join('');
  if (!data.startsWith('0100')) throw new Error('mode');
  const head = version < 10 ? 12 : 20;
  const length = parseInt(data.slice(4, head), 2);
  const bytes = Array.from({ length }, (_, i) => parseInt(data.slice(head + 8 * i, head + 8 * i + 8), 2));
  return new TextDecoder().decode(new Uint8Array(bytes));
}

const text = (n: number) => Array.from({ length: n }, (_, i) => String.fromCharCode(33 + ((i * 7 + n * 13) % 90))).join('');

describe('a QR code', () => {
  test('is read back, of every version', () => {
    // The shortest, the longest of each version, and one that is not full.
    for (const n of [0, 1, 14, 26, 42, 62, 84, 106, 122, 152, 180, 181, 213, 251, 287]) expect(read(qr(text(n))), `${n} bytes`).toBe(text(n));
    expect(read(qr('otpauth://totp/Lamppost:王芳'))).toBe('otpauth://totp/Lamppost:王芳');
  });

  test('is the smallest that fits', () => {
    expect([14, 15, 26, 27, 180, 181, 213, 214, 287].map((n) => (qr(text(n)).length - 17) / 4)).toEqual([1, 2, 2, 3, 9, 10, 10, 11, 12]);
    expect(() => qr(text(288))).toThrow(RangeError);
  });

  test('that is damaged is found to be so', () => {
    const m = qr(text(40)).map((row) => [...row]);
    m[20]![10] = !m[20]![10];
    expect(() => read(m)).toThrow('syndrome');
  });

  test('is drawn with a quiet zone, run by run', () => {
    const drawn = path([[true, true, false], [false, false, false], [false, true, true]]);
    expect(drawn).toBe('M4 4h2v1h-2zM5 6h2v1h-2z');
  });
});

test('multiplication is that of the field', () => {
  // Powers of 2 run through all 255 elements (annex A), the first that wraps is 29.
  const powers = [1];
  while (powers.length < 255) powers.push(multiply(powers.at(-1)!, 2));
  expect(powers[8]).toBe(29);
  expect(new Set(powers).size).toBe(255);
  expect(multiply(powers.at(-1)!, 2)).toBe(1);
});
