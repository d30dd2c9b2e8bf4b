// Numbers of the performance page as its reader writes them.
import { formatDuration, formatValue } from './format';
import { settings, t } from './settings.svelte';

/** A share, 0 to 1, in per cent: whole ones, below ten with a decimal. 99.96 % is not 100 %. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0005) return `< ${formatValue(settings.language, 0.1, 1)}\u00a0%`;
  const whole = share * 100;
  const decimals = whole === Math.round(whole) || (whole >= 10 && whole < 99) ? 0 : 1;
  const cut = whole > 99 && whole < 100 ? Math.min(99.9, whole) : whole;
  return `${formatValue(settings.language, cut, decimals)}\u00a0%`;
}

/** How long something took; none: why there is no figure. */
export function took(ms: number | null, none: string): string {
  return ms === null ? none : formatDuration(settings.language, ms >= 600_000 ? Math.round(ms / 60_000) * 60_000 : ms);
}

/** Why there is no median of so many. */
export function noMedian(n: number): string {
  return n === 0 ? '–' : t('perf.fewmedian', { n });
}
