// Who is logged in, where the aggregator has accounts. Where it has none, nothing here
// asks for anything.
import { api, ApiError, door, type Info, type Me } from './api';

/** unknown: nothing was answered yet; open: there are no accounts; out: somebody has to log in. */
export type Standing = 'unknown' | 'open' | 'in' | 'out';

/** Someone who works at the page is told to the aggregator at most this often, ms: sessions end after a time without a request. */
const signEvery = 5 * 60_000;

export class Identity {
  standing = $state<Standing>('unknown');
  me = $state.raw<Me | undefined>(undefined);
  /** Somebody was logged in on this page and is not any more. */
  expired = $state(false);
  /** There is an identity provider to log in with. */
  provider = $state(false);
  /** Whether who is there may see anything: nobody has to log in, or to do something first. */
  admitted = $derived(this.standing !== 'out' && !this.me?.must);
  /** Called when admitted has changed. */
  onChange: () => void = () => {};
  /** Starts the page anew, so that nothing stays of whom it was loaded for. */
  restart: (to: string) => void = (to) => location.assign(to);

  #last = ''; // who this page was loaded for
  #signed = 0;

  constructor() {
    door.onRefused = (e) => this.refused(e);
    door.renew = async () => {
      const before = door.csrf;
      await this.refresh();
      return door.csrf !== '' && door.csrf !== before;
    };
  }

  /** Takes what the aggregator says of itself. */
  async meet(info: Info): Promise<void> {
    if (!info.accounts) this.standing = 'open';
    else if (!this.me) await this.refresh();
  }

  /** Asks who is logged in. */
  async refresh(): Promise<void> {
    this.#signed = performance.now();
    // A refusal is heard by refused; what else fails is tried again when it is needed.
    await api.me().then(
      (me) => this.take(me),
      () => undefined,
    );
  }

  /** Takes who is logged in now. */
  take(me: Me): void {
    if (this.#last && this.#last !== me.person) {
      this.restart(location.pathname + location.search);
      return;
    }
    this.#last = me.person;
    this.me = me;
    door.csrf = me.csrf;
    this.expired = false;
    this.#set('in');
  }

  /** Takes a refusal of the aggregator: some say that nobody is logged in, or that something must be done first. */
  refused(e: ApiError): void {
    if (e.id === 'E7204') this.#out();
    else if (e.id === 'E7208' || e.id === 'E7209') void this.refresh();
  }

  /** Somebody works at the page. */
  sign(): void {
    if (this.standing !== 'in' || !this.admitted || performance.now() - this.#signed < signEvery) return;
    void this.refresh();
  }

  /** Ends the session, here and at the aggregator. */
  async logout(): Promise<void> {
    await api.logout();
    this.restart('/');
  }

  #out(): void {
    if (this.standing === 'out') return;
    this.expired = this.me !== undefined;
    this.me = undefined;
    door.csrf = '';
    this.#set('out');
    void api.ways().then(
      (w) => (this.provider = w.oidc),
      () => undefined,
    );
  }

  #set(s: Standing): void {
    this.standing = s;
    this.onChange();
  }
}

export const identity = new Identity();
