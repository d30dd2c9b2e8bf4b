// What is drawn on a camera's picture, and the lines of YAML that say it to a gateway. Places
// are shares of the picture's width and height, from the top left.

export type Corner = [x: number, y: number];

export interface Area {
  kind: 'mask' | 'zone';
  /** Of a zone. */
  name: string;
  corners: Corner[];
}

export interface Staff {
  /** [x, y, level in metres] */
  marks: [[number, number, number], [number, number, number]];
  /** Share of the picture's width. */
  width: number;
}

/** The most corners that a gateway takes, and the fewest. */
export const corners = { least: 3, most: 32 };

export const inside = (v: number) => Math.min(1, Math.max(0, v));
const short = (v: number) => Math.round(v * 1e4) / 1e4;

/** A new area, a little beside those that are there. */
export function newArea(kind: Area['kind'], among: readonly Area[]): Area {
  let n = 1;
  while (among.some((a) => a.name === `zone${n}`)) n++;
  const o = 0.03 * (among.length % 6);
  const at = [0.3 + o, 0.6 + o];
  const corner = (x: number, y: number): Corner => [short(at[x]!), short(at[y]!)];
  return { kind, name: kind === 'zone' ? `zone${n}` : '', corners: [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)] };
}

/** The corners with one more, half-way behind corner k. */
export function withCorner(list: readonly Corner[], k: number): Corner[] {
  const a = list[k]!;
  const b = list[(k + 1) % list.length]!;
  return [...list.slice(0, k + 1), [short((a[0] + b[0]) / 2), short((a[1] + b[1]) / 2)], ...list.slice(k + 1)];
}

const plain = /^[a-z][a-z0-9_-]*$/;
const reserved = new Set(['y', 'n', 'yes', 'no', 'on', 'off', 'true', 'false', 'null']);
const key = (name: string) => (plain.test(name) && !reserved.has(name) ? name : JSON.stringify(name));
const flow = (list: readonly (readonly number[])[]) => `[${list.map((c) => `[${c.map(short).join(', ')}]`).join(', ')}]`;

/** The lines to paste below the device, without a line break at their end. */
export function yaml(areas: readonly Area[], staff: Staff | undefined): string {
  const masks = areas.filter((a) => a.kind === 'mask');
  const zones = areas.filter((a) => a.kind === 'zone');
  const lines: string[] = [];
  if (masks.length) lines.push('masks:', ...masks.map((m) => `  - ${flow(m.corners)}`));
  if (zones.length) lines.push('zones:', ...zones.map((z) => `  ${key(z.name)}: ${flow(z.corners)}`));
  if (staff) lines.push(`staff: {marks: ${flow(staff.marks)}, width: ${short(staff.width)}}`);
  return lines.map((l) => `    ${l}`).join('\n');
}
