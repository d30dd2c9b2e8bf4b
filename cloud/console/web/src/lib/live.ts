// The live connection: server-sent events, read with fetch instead of
// EventSource. EventSource hides the heartbeat comments, so a connection that
// died without a word would look like a quiet street; it also cannot resume
// with Last-Event-ID once it has given up.
import { EventParser, type ServerEvent } from './sse';

export type Phase = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface LiveOptions {
  url: string;
  onEvent(e: ServerEvent): void;
  /** Called for everything that arrives, heartbeats included. */
  onAlive(): void;
  /**
   * Called when a connection stands. `downMs` says for how long there was none; Infinity
   * the first time, and when the last one broke before it had brought an event to resume after.
   */
  onOpen(downMs: number): void;
  onPhase(p: Phase): void;
  /** Called when the stream is refused to who asks. It tries on until it is closed. */
  onRefused?(answer: Response): void;
  fetch?: typeof fetch;
  /** Milliseconds of silence after which the connection counts as dead. The heartbeat comes every 15 s. */
  silence?: number;
}

const firstPause = 500;
const longestPause = 5000;
/** How long a lost connection is "reconnecting" before it is called offline. */
const grace = 8000;

/** Opens the stream and keeps it open until the returned function is called. */
export function openLive(o: LiveOptions): () => void {
  const get = o.fetch ?? fetch;
  const silence = o.silence ?? 40_000;
  let lastId = '';
  let stopped = false;
  let abort: AbortController | undefined;
  let wake: (() => void) | undefined;
  let downSince = -Infinity;
  let offlineTimer: ReturnType<typeof setTimeout> | undefined;

  async function connect(): Promise<void> {
    const controller = new AbortController();
    abort = controller;
    let watchdog = setTimeout(() => controller.abort(), silence);
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (lastId) headers['Last-Event-ID'] = lastId;
      const answer = await get(o.url, { headers, cache: 'no-store', signal: controller.signal });
      if (answer.status === 401 || answer.status === 403) o.onRefused?.(answer);
      if (!answer.ok || !answer.body) throw new Error(`event stream: status ${answer.status}`);
      clearTimeout(offlineTimer);
      o.onPhase('live');
      o.onOpen(lastId ? Date.now() - downSince : Infinity);
      downSince = Infinity;
      const parser = new EventParser(lastId);
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => controller.abort(), silence);
        o.onAlive();
        for (const e of parser.push(decoder.decode(value, { stream: true }))) {
          lastId = e.id;
          o.onEvent(e);
        }
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  async function run(): Promise<void> {
    let pause = firstPause;
    o.onPhase('connecting');
    offlineTimer = setTimeout(() => o.onPhase('offline'), grace);
    while (!stopped) {
      await connect().catch(() => undefined);
      if (stopped) return;
      if (downSince === Infinity) {
        // It stood until now: a new outage begins.
        downSince = Date.now();
        pause = firstPause;
        o.onPhase('reconnecting');
        clearTimeout(offlineTimer);
        offlineTimer = setTimeout(() => o.onPhase('offline'), grace);
      }
      // Spread out, so that all the screens of a centre do not come back in one instant.
      await new Promise<void>((done) => {
        wake = done;
        setTimeout(done, pause * (0.75 + Math.random() / 2));
      });
      pause = Math.min(pause * 2, longestPause);
    }
  }

  const retryNow = () => wake?.();
  globalThis.addEventListener?.('online', retryNow);
  void run();
  return () => {
    stopped = true;
    clearTimeout(offlineTimer);
    globalThis.removeEventListener?.('online', retryNow);
    abort?.abort();
    wake?.();
  };
}
