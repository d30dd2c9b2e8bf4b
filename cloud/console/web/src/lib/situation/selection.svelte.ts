// What is chosen about the situation: an area, a gateway, an alert, a view. It stands in the
// page's address.
import type { Alert } from '../api';
import { areas } from '../areas.svelte';
import { router } from '../router.svelte';

export const spans = [1, 6, 24] as const;

class Selection {
  area = $derived(router.query.get('area') ?? '');
  gateway = $derived(router.query.get('on') ?? '');
  alert = $derived(router.query.get('alert') ?? '');
  view = $derived(['map', 'time'].find((v) => v === router.query.get('view')) ?? 'list');
  /** Length of the timeline of the present, hours. */
  hours = $derived(spans.find((s) => String(s) === router.query.get('span')) ?? 6);

  /** Whether an area and a gateway lie in what is chosen. */
  has = $derived((area: string, gateway: string) => (!this.area || areas.within(area, this.area)) && (!this.gateway || gateway === this.gateway));
  inside = $derived((a: Alert) => this.has(a.area ?? '', a.gateway));

  /** The address of an area, with what else was chosen about the page. */
  link(area: string): string {
    const q = new URLSearchParams(router.query);
    for (const k of ['area', 'on', 'alert']) q.delete(k);
    if (area) q.set('area', area);
    const s = q.toString();
    return s ? `/?${s}` : '/';
  }

  choose(area: string): void {
    router.go(this.link(area));
  }

  chooseGateway(id: string): void {
    router.setQuery({ on: id, alert: '' });
  }

  chooseAlert(id: string): void {
    router.setQuery({ alert: id === this.alert ? '' : id });
    document.querySelector(`li[data-alert="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'nearest' });
  }
}

export const selection = new Selection();
