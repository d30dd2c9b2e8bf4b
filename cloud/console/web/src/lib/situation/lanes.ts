// Alerts as bars over time: each from its raise to its end, the gravest on top, near ones in
// lanes below each other. Pure.
import type { Alert } from '../api';
import { severityOf } from '../model';
import { lookOf } from '../severity';

export interface Bar {
  alert: Alert;
  severity: string;
  /** Where it is drawn, within the span, Unix ms. */
  from: number;
  to: number;
  /** It began before the span. */
  cut: boolean;
  /** It had not ended. */
  open: boolean;
  /** When it was acknowledged, if that is within the span. */
  seen: number | undefined;
  lane: number;
}

export interface Lanes {
  bars: Bar[];
  lanes: number;
  /** Bars for which there was no lane. */
  left: number;
}

/** Whether an alert was active at some time between from and to. */
export function touches(a: Alert, from: number, to: number): boolean {
  return a.since <= to && (a.condition === 'active' || (a.cleared ?? a.at) >= from);
}

/**
 * Lays the alerts of a span into at most `most` lanes. A bar takes at least `least` ms of
 * room, so that one of a few seconds is seen.
 */
export function lay(alerts: readonly Alert[], from: number, to: number, most: number, least: number): Lanes {
  const bars = alerts
    .filter((a) => touches(a, from, to))
    .map((a): Bar => {
      const open = a.condition === 'active';
      const seen = a.acknowledged?.at;
      return {
        alert: a,
        severity: severityOf(a),
        from: Math.max(a.since, from),
        to: open ? to : Math.min(a.cleared ?? a.at, to),
        cut: a.since < from,
        open,
        seen: seen !== undefined && seen >= from && seen <= to ? seen : undefined,
        lane: -1,
      };
    })
    .sort((a, b) => lookOf(a.severity).rank - lookOf(b.severity).rank || a.from - b.from || (a.alert.id < b.alert.id ? -1 : 1));
  // Bars come gravest first and not by time, so a lane is a list of taken spans.
  const taken: [number, number][][] = [];
  for (const b of bars) {
    const end = Math.max(b.to, b.from + least);
    const lane = taken.findIndex((spans) => spans.every(([f, t]) => end < f || b.from > t));
    if (lane >= 0) taken[lane]!.push([b.from, end]);
    else if (taken.length < most) taken.push([[b.from, end]]);
    else continue;
    b.lane = lane >= 0 ? lane : taken.length - 1;
  }
  const drawn = bars.filter((b) => b.lane >= 0);
  return { bars: drawn, lanes: taken.length, left: bars.length - drawn.length };
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((m) => m * 60_000);

/** Whole times to write below the axis, at most `most`, by a clock that is `offset` ms ahead of UTC. */
export function ticks(from: number, to: number, most: number, offset: number): number[] {
  const step = steps.find((s) => (to - from) / s <= most) ?? 1440 * 60_000;
  const out: number[] = [];
  for (let t = Math.ceil((from + offset) / step) * step - offset; t <= to; t += step) out.push(t);
  return out;
}
