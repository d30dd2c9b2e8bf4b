// Times as pages show them: by the clocks of the place, wherever who looks sits. Texts of
// alerts and messages tell the place's time, so what stands beside them has to as well.
import { clock } from './clock.svelte';
import { fleet } from './fleet.svelte';
import { formatClock, formatDay, formatMinute, formatMoment, formatZone, offsetAt, strangeZone } from './format';
import { settings } from './settings.svelte';

class Center {
  /** The zone of messages, as the aggregator is set; empty: it is not. */
  zone = $state('');
  /** That in which all gateways are, where they agree. */
  #common = $derived.by(() => {
    const zones = new Set(fleet.gateways.map((g) => g.info.time_zone).filter(Boolean));
    return zones.size === 1 ? [...zones][0] : undefined;
  });
  /** The zone of what belongs to no gateway: cases, people's doings, duty. Undefined: nobody has said one, and the viewer's is taken. */
  place = $derived(this.zone || this.#common);
}

export const center = new Center();

/** The zone of a gateway's place; without one, or while it does not say, the center's. */
export function zoneOf(gateway?: string): string | undefined {
  return (gateway && fleet.gateway(gateway)?.info.time_zone) || center.place;
}

/** A time in words, with the zone's name where its clocks are not the viewer's. */
function named(text: string, t: number, zone: string | undefined): string {
  const zoneName = strangeZone(t, zone);
  return zoneName ? `${text} ${zoneName}` : text;
}

/** The clock time at a gateway's place, with the day unless that is today's. */
export function moment(t: number, gateway?: string, now = clock.now): string {
  return momentIn(t, zoneOf(gateway), now);
}

/** The same in a zone that is known otherwise. */
export function momentIn(t: number, zone: string | undefined, now = clock.now): string {
  return named(formatMoment(settings.language, t, now, zone), t, zone);
}

/** Day with the year, and clock time: for what is kept and read on another day. */
export function dated(t: number, zone: string | undefined): string {
  return `${formatDay(settings.language, t, 0, zone)} ${formatClock(settings.language, t, zone)}`;
}

/** The clock time at the center. */
export function clockTime(t: number): string {
  return named(formatClock(settings.language, t, center.place), t, center.place);
}

/** The time at the center in parts; the zone is always named. */
export function wall(t: number): { date: string; day: string; clock: string; minute: string; zone: string; strange: boolean } {
  const zone = center.place;
  return {
    // With the year, which a day of this year goes without.
    date: formatDay(settings.language, t, 0, zone),
    day: formatDay(settings.language, t, t, zone),
    clock: formatClock(settings.language, t, zone),
    minute: formatMinute(settings.language, t, zone),
    zone: formatZone(t, offsetAt(t, zone)),
    strange: strangeZone(t, zone) !== '',
  };
}
