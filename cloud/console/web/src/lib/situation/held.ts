// A list that holds still while somebody works in it. Pure.
import type { Alert } from '../api';

export interface Held {
  rows: Alert[];
  /** Those that came since, the gravest first. */
  fresh: Alert[];
}

/**
 * The rows of a held list: those of `order`, as they are now, in that order; what came since
 * waits. What is not known any more has gone. Without an order everything is a row.
 */
export function hold(live: readonly Alert[], order: readonly string[] | undefined, get: (id: string) => Alert | undefined): Held {
  if (!order) return { rows: [...live], fresh: [] };
  const held = new Set(order);
  return {
    rows: order.flatMap((id) => get(id) ?? []),
    fresh: live.filter((a) => !held.has(a.id)),
  };
}
