// Which pictures an alert has, the most telling first.
import type { Alert } from './api';

/** A picture of an alert: those of the raise, and that of its newest change. */
export interface Shot {
  image: string;
  moment: 'at' | 'before' | 'after' | 'change';
  /** When it was, or is to be, taken. */
  due: number;
  /** When it was taken; null: it has not come yet, or nobody knows. */
  t: number | null;
}

const order = ['at', 'before', 'after'];

/** Those of an alert: at the raise, before and after it, then that of its newest change, where it is another. */
export function shotsOf(a: Alert): Shot[] {
  const raise: Shot[] = [...(a.pictures ?? [])].sort((x, y) => order.indexOf(x.moment) - order.indexOf(y.moment));
  if (!a.image || raise.some((p) => p.image === a.image)) return raise;
  // With its step stands when it was taken; without a timeline the newest revision says about when.
  const due = a.timeline?.find((s) => s.image === a.image)?.at ?? a.at;
  return [...raise, { image: a.image, moment: 'change', due, t: null }];
}

/** The one that stands for the alert in a list. */
export function firstShot(a: Alert): Shot | undefined {
  return shotsOf(a)[0];
}
