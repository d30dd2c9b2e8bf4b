// What a chart of several streams has besides their lines: a strip for the gaps of each, and a
// letter at the end of each line. Works in device pixels.
import type uPlot from 'uplot';
import type { Point } from '../api';
import { hatch, type Band } from './bands';
import type { Colours } from './draw';

interface Strip {
  bands: readonly Band[];
  letter: string;
  colour: string;
}

/** At the foot: for each stream that has gaps a strip, hatched where they are. */
export function drawStrips(u: uPlot, list: readonly Strip[], c: Colours, scale: number, font: string): void {
  const { ctx, bbox } = u;
  const high = 11 * scale;
  ctx.save();
  ctx.font = font;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  let foot = bbox.top + bbox.height;
  for (const s of [...list].reverse()) {
    if (s.bands.length === 0) continue;
    const top = foot - high;
    for (const b of s.bands) {
      const from = Math.max(bbox.left, u.valToPos(b.from / 1000, 'x', true));
      const to = Math.min(bbox.left + bbox.width, u.valToPos(b.to / 1000, 'x', true));
      if (to < bbox.left || from > bbox.left + bbox.width) continue;
      const width = Math.max(to - from, 2 * scale);
      ctx.fillStyle = c.gap;
      ctx.fillRect(from, top, width, high);
      ctx.strokeStyle = s.colour;
      ctx.lineWidth = scale;
      ctx.beginPath();
      for (const [x0, y0, x1, y1] of hatch(from, top, width, high, 5 * scale)) {
        ctx.moveTo(x0, y0);
        ctx.lineTo(x1, y1);
      }
      ctx.rect(from, top, width, high);
      ctx.stroke();
    }
    ctx.fillStyle = s.colour;
    ctx.fillText(s.letter, bbox.left + bbox.width + 4 * scale, top + high / 2);
    foot = top - 2 * scale;
  }
  ctx.restore();
}

interface End {
  points: readonly Point[];
  letter: string;
  colour: string;
}

/** Where the letters at the lines' ends stand: each near its line, none on another. Pure. */
export function spread(wanted: readonly number[], apart: number): number[] {
  const order = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  const out = wanted.map(() => 0);
  let last = -Infinity;
  for (const o of order) {
    last = Math.max(o.y, last + apart);
    out[o.i] = last;
  }
  return out;
}

/** Right of the lines: the letter of each, as high as its last reading. */
export function drawEnds(u: uPlot, list: readonly End[], scale: number, font: string): void {
  const { ctx, bbox } = u;
  const ends = list.flatMap((e) => {
    const last = e.points.filter((p) => p[1] !== null && p[2] !== 4 && p[2] !== 9).at(-1);
    return last ? [{ ...e, t: last[0], y: u.valToPos(last[1]!, 'y', true) }] : [];
  });
  const ys = spread(ends.map((e) => Math.min(Math.max(e.y, bbox.top + 6 * scale), bbox.top + bbox.height - 6 * scale)), 14 * scale);
  ctx.save();
  ctx.font = font;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ends.forEach((e, i) => {
    const x = Math.min(Math.max(bbox.left, u.valToPos(e.t / 1000, 'x', true)), bbox.left + bbox.width);
    ctx.fillStyle = e.colour;
    ctx.fillText(e.letter, x + 4 * scale, ys[i]!);
  });
  ctx.restore();
}
