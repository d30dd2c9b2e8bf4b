// What uPlot does not draw by itself: hatched gaps, signs for readings that
// cannot be relied on, limits. Works in device pixels.
import type uPlot from 'uplot';
import { hatch, type Band } from './bands';
import type { Expectation, Happening } from './course';
import type { Mark } from './points';

export interface Colours {
  text: string;
  grid: string;
  line: string;
  fill: string;
  gap: string;
  gapLine: string;
  suspect: string;
  fail: string;
  limit: string;
  forecast: string;
  forecastFill: string;
  event: string;
  surface: string;
}

/** Reads the colours of the present theme. */
export function coloursOf(e: Element): Colours {
  const style = getComputedStyle(e);
  const get = (name: string) => style.getPropertyValue(`--chart-${name}`).trim();
  return {
    text: get('text'),
    grid: get('grid'),
    line: get('line'),
    fill: get('fill'),
    gap: get('gap'),
    gapLine: get('gap-line'),
    suspect: get('suspect'),
    fail: get('fail'),
    limit: get('limit'),
    forecast: get('forecast'),
    forecastFill: get('forecast-fill'),
    event: get('event'),
    surface: get('surface'),
  };
}

/** Below the line: a band for each gap, at least two CSS pixels wide so that a short one is seen. */
export function drawBands(u: uPlot, bands: readonly Band[], c: Colours, scale: number): void {
  const { ctx, bbox } = u;
  ctx.save();
  for (const b of bands) {
    const from = Math.max(bbox.left, u.valToPos(b.from / 1000, 'x', true));
    const to = Math.min(bbox.left + bbox.width, u.valToPos(b.to / 1000, 'x', true));
    if (to < bbox.left || from > bbox.left + bbox.width) continue;
    const width = Math.max(to - from, 2 * scale);
    ctx.fillStyle = c.gap;
    ctx.fillRect(from, bbox.top, width, bbox.height);
    ctx.strokeStyle = c.gapLine;
    ctx.lineWidth = scale;
    ctx.beginPath();
    // What nobody has explained is hatched more densely than what was declared.
    for (const [x0, y0, x1, y1] of hatch(from, bbox.top, width, bbox.height, (b.kind === 'silence' ? 6 : 10) * scale)) {
      ctx.moveTo(x0, y0);
      ctx.lineTo(x1, y1);
    }
    ctx.moveTo(from, bbox.top);
    ctx.lineTo(from, bbox.top + bbox.height);
    ctx.moveTo(from + width, bbox.top);
    ctx.lineTo(from + width, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Above the line: a triangle for suspect, a cross for failed. What lies outside the axis is drawn at its edge. */
export function drawMarks(u: uPlot, marks: readonly Mark[], c: Colours, scale: number): void {
  const { ctx, bbox } = u;
  const r = 5 * scale;
  ctx.save();
  ctx.lineWidth = 2 * scale;
  ctx.lineJoin = 'round';
  for (const m of marks) {
    const x = u.valToPos(m.t / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const y = Math.min(bbox.top + bbox.height - r, Math.max(bbox.top + r, u.valToPos(m.v, 'y', true)));
    ctx.beginPath();
    if (m.kind === 'suspect') {
      ctx.moveTo(x, y - r);
      ctx.lineTo(x + r, y + r * 0.8);
      ctx.lineTo(x - r, y + r * 0.8);
      ctx.closePath();
      ctx.fillStyle = c.surface;
      ctx.fill();
      ctx.strokeStyle = c.suspect;
    } else {
      ctx.moveTo(x - r, y - r);
      ctx.lineTo(x + r, y + r);
      ctx.moveTo(x + r, y - r);
      ctx.lineTo(x - r, y + r);
      ctx.strokeStyle = c.fail;
    }
    ctx.stroke();
  }
  ctx.restore();
}

/**
 * Below the line: from the value at which a forecast was made a fan to the times between which
 * the limit was expected. Earlier forecasts are outlines only, the newest is filled.
 */
export function drawExpectations(u: uPlot, list: readonly Expectation[], c: Colours, scale: number): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = c.forecast;
  ctx.fillStyle = c.forecastFill;
  ctx.setLineDash([2 * scale, 3 * scale]);
  list.forEach((e, i) => {
    const newest = i === list.length - 1;
    const y = u.valToPos(e.limit, 'y', true);
    const [from, to] = [u.valToPos(e.from / 1000, 'x', true), u.valToPos(e.to / 1000, 'x', true)];
    ctx.lineWidth = (newest ? 2 : 1) * scale;
    ctx.beginPath();
    if (e.value === null) {
      // Without a value there is no slope to show, only when.
      ctx.rect(from, y - 4 * scale, Math.max(to - from, 2 * scale), 8 * scale);
    } else {
      ctx.moveTo(u.valToPos(e.at / 1000, 'x', true), u.valToPos(e.value, 'y', true));
      ctx.lineTo(from, y);
      ctx.lineTo(to, y);
      ctx.closePath();
    }
    if (newest) ctx.fill();
    ctx.stroke();
  });
  ctx.restore();
}

/** Above the line: a pole for what happened, with its word on top; a camera at the foot where a picture was taken. */
export function drawHappenings(u: uPlot, list: readonly Happening[], c: Colours, scale: number, name: (h: Happening) => string, font: string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = c.event;
  ctx.fillStyle = c.event;
  ctx.font = font;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  let free = -Infinity; // where the last word ends
  for (const h of list) {
    const x = u.valToPos(h.t / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const foot = bbox.top + bbox.height;
    if (h.kind === 'picture') {
      drawCamera(ctx, x, foot, c, scale);
      continue;
    }
    ctx.lineWidth = 1.5 * scale;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, foot);
    ctx.stroke();
    const text = name(h);
    const width = ctx.measureText(text).width + 8 * scale;
    const left = x + width > bbox.left + bbox.width ? x - width : x;
    // A word that would run over the one before it is left out; the legend has it.
    if (left < free) continue;
    free = left + width;
    ctx.save();
    ctx.globalAlpha = 0.8;
    ctx.fillStyle = c.surface;
    ctx.fillRect(left, bbox.top, width, 16 * scale);
    ctx.restore();
    ctx.fillText(text, left + 4 * scale, bbox.top + 2 * scale);
  }
  ctx.restore();
}

function drawCamera(ctx: CanvasRenderingContext2D, x: number, foot: number, c: Colours, scale: number): void {
  const [w, h] = [14 * scale, 10 * scale];
  const top = foot - h - 3 * scale;
  ctx.lineWidth = 1.5 * scale;
  ctx.save();
  ctx.fillStyle = c.surface;
  ctx.fillRect(x - w / 2, top, w, h);
  ctx.restore();
  ctx.strokeRect(x - w / 2, top, w, h);
  ctx.beginPath();
  ctx.arc(x, top + h / 2, 2.6 * scale, 0, 2 * Math.PI);
  ctx.stroke();
}

export interface Limit {
  value: number;
  text: string;
}

export function drawLimits(u: uPlot, limits: readonly Limit[], c: Colours, scale: number, font: string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = c.limit;
  ctx.lineWidth = 1.5 * scale;
  ctx.font = font;
  ctx.textAlign = 'right';
  for (const l of limits) {
    const y = u.valToPos(l.value, 'y', true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.setLineDash([6 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    // The words stand on the surface, so that the line does not run through them.
    const right = bbox.left + bbox.width - 4 * scale;
    const height = 18 * scale;
    const top = y - bbox.top < 24 * scale ? y + 3 * scale : y - height - 3 * scale;
    const width = ctx.measureText(l.text).width + 8 * scale;
    // Half through, since on a phone they cover a good part of it.
    ctx.fillStyle = c.surface;
    ctx.globalAlpha = 0.65;
    ctx.fillRect(right - width + 4 * scale, top, width, height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = c.text;
    ctx.textBaseline = 'middle';
    ctx.fillText(l.text, right, top + height / 2);
  }
  ctx.restore();
}
