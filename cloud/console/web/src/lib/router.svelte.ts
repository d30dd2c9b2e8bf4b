// Pages by path. The aggregator answers every path with the same document.

/** What concerns the person who is logged in. */
export type AccountPart = 'password' | 'codes' | 'sessions' | 'tokens';

/** What those set up who run the center. */
export const adminParts = ['accounts', 'areas', 'departments', 'rosters', 'routes', 'audit'] as const;
export type AdminPart = (typeof adminParts)[number];

export type Route =
  | { page: 'overview' }
  | { page: 'alerts' }
  | { page: 'streams' }
  | { page: 'fleet' }
  | { page: 'connect' }
  | { page: 'alert'; id: string }
  | { page: 'followed'; alert: string }
  | { page: 'gateway'; gateway: string }
  | { page: 'stream'; gateway: string; device: string; channel: string }
  | { page: 'account'; part: AccountPart }
  | { page: 'cases' }
  | { page: 'case'; id: string }
  | { page: 'duty' }
  | { page: 'wall' }
  | { page: 'handover'; id: string }
  | { page: 'performance' }
  | { page: 'admin'; part: AdminPart }
  | { page: 'notfound' };

export function parseRoute(path: string): Route {
  let parts: string[];
  try {
    parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return { page: 'notfound' };
  }
  const [first, a, b, c] = parts;
  if (first === undefined) return { page: 'overview' };
  // What was the map's own page.
  if (first === 'city' && parts.length === 1) return { page: 'overview' };
  if (first === 'alerts' && parts.length === 1) return { page: 'alerts' };
  if (first === 'alerts' && a && parts.length === 2) return { page: 'alert', id: a };
  if (first === 'alerts' && a && b === 'case' && parts.length === 3) return { page: 'followed', alert: a };
  if (first === 'streams' && parts.length === 1) return { page: 'streams' };
  if (first === 'fleet' && parts.length === 1) return { page: 'fleet' };
  if (first === 'connect' && parts.length === 1) return { page: 'connect' };
  if (first === 'gateways' && a && parts.length === 2) return { page: 'gateway', gateway: a };
  if (first === 'gateways' && a && b && c && parts.length === 4) {
    return { page: 'stream', gateway: a, device: b, channel: c };
  }
  if (first === 'account' && (a === 'password' || a === 'codes' || a === 'sessions' || a === 'tokens') && parts.length === 2) {
    return { page: 'account', part: a };
  }
  if (first === 'cases' && parts.length === 1) return { page: 'cases' };
  if (first === 'cases' && a && parts.length === 2) return { page: 'case', id: a };
  if (first === 'wall' && parts.length === 1) return { page: 'wall' };
  if (first === 'duty' && parts.length === 1) return { page: 'duty' };
  if (first === 'duty' && a === 'handover' && parts.length <= 3) return { page: 'handover', id: b ?? '' };
  if (first === 'performance' && parts.length === 1) return { page: 'performance' };
  const admin = adminParts.find((p) => p === a);
  if (first === 'admin' && admin && parts.length === 2) return { page: 'admin', part: admin };
  return { page: 'notfound' };
}

export const href = {
  overview: () => '/',
  /** The situation in an area. */
  city: (area?: string) => (area ? `/?area=${encodeURIComponent(area)}` : '/'),
  alerts: () => '/alerts',
  /** Streams side by side, each as gateway/device/channel. */
  streams: (keys: readonly string[] = [], more: Readonly<Record<string, string>> = {}) => {
    const q = new URLSearchParams([...keys.map((k) => ['s', k]), ...Object.entries(more)]).toString();
    return q ? `/streams?${q}` : '/streams';
  },
  fleet: () => '/fleet',
  connect: () => '/connect',
  account: (part: AccountPart) => `/account/${part}`,
  cases: () => '/cases',
  case: (id: string) => `/cases/${encodeURIComponent(id)}`,
  wall: () => '/wall',
  duty: () => '/duty',
  /** A handover that was written; without an id, the page on which one is. */
  handover: (id = '') => (id ? `/duty/handover/${encodeURIComponent(id)}` : '/duty/handover'),
  performance: () => '/performance',
  admin: (part: AdminPart) => `/admin/${part}`,
  alert: (id: string) => `/alerts/${encodeURIComponent(id)}`,
  /** The case that follows an alert. */
  followed: (alert: string) => `/alerts/${encodeURIComponent(alert)}/case`,
  gateway: (id: string) => `/gateways/${encodeURIComponent(id)}`,
  stream: (s: { gateway: string; device: string; channel: string }) =>
    `/gateways/${[s.gateway, s.device, s.channel].map(encodeURIComponent).join('/')}`,
};

class Router {
  path = $state('/');
  query = $state.raw(new URLSearchParams());
  route = $derived(parseRoute(this.path));
  /** Called after a page was changed by the viewer, to move focus and scroll. */
  onNavigate: () => void = () => {};

  start() {
    this.#read();
    addEventListener('popstate', () => {
      this.#read();
      this.onNavigate();
    });
    document.addEventListener('click', (e) => this.#click(e));
  }

  go(to: string) {
    if (to === location.pathname + location.search) return;
    history.pushState(null, '', to);
    this.#read();
    this.onNavigate();
  }

  /** Goes on to another page; the present one was a step on the way and is not come back to. */
  replace(to: string) {
    history.replaceState(null, '', to);
    this.#read();
    this.onNavigate();
  }

  /** Keeps a filter in the address without making a step in the history. */
  setQuery(fields: Record<string, string>) {
    const q = new URLSearchParams(location.search);
    for (const [k, v] of Object.entries(fields)) {
      if (v) q.set(k, v);
      else q.delete(k);
    }
    const s = q.toString();
    history.replaceState(null, '', location.pathname + (s && `?${s}`));
    this.query = q;
  }

  /** Puts other fields into the address, without a step in the history. */
  replaceQuery(q: URLSearchParams) {
    const s = q.toString();
    history.replaceState(null, '', location.pathname + (s && `?${s}`));
    this.query = q;
  }

  #read() {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }

  #click(e: MouseEvent) {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const a = e.target instanceof Element ? e.target.closest('a') : null;
    if (!a || a.target || a.origin !== location.origin || a.hasAttribute('download') || a.hash) return;
    if (a.pathname.startsWith('/api/')) return;
    e.preventDefault();
    this.go(a.pathname + a.search);
  }
}

export const router = new Router();
