// A parser for text/event-stream (WHATWG HTML, section 9.2.6), fed with text as
// it arrives.

export interface ServerEvent {
  event: string;
  data: string;
  /** The last id seen so far; empty when there was none. */
  id: string;
}

/** An event larger than this is given up, so that a broken sender cannot fill the memory. */
const maxEvent = 32 << 20;

export class EventParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #size = 0;
  #id = '';

  constructor(lastId = '') {
    this.#id = lastId;
  }

  /** Takes the next piece of text and returns the events it completes. */
  push(text: string): ServerEvent[] {
    const out: ServerEvent[] = [];
    const all = this.#rest + text;
    const lineEnd = /\r\n|\n|\r/g;
    // What was kept has no line end in it, save perhaps half of one.
    lineEnd.lastIndex = Math.max(0, this.#rest.length - 1);
    let from = 0;
    for (let m = lineEnd.exec(all); m; m = lineEnd.exec(all)) {
      // A lone CR at the end may be half of a CRLF: it waits for what follows.
      if (m[0] === '\r' && m.index === all.length - 1) break;
      const event = this.#line(all.slice(from, m.index));
      if (event) out.push(event);
      from = lineEnd.lastIndex;
    }
    this.#rest = all.slice(from);
    if (this.#rest.length > maxEvent) throw new Error('event stream: a line is too long');
    return out;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length;
      if (this.#size > maxEvent) throw new Error('event stream: an event is too large');
    }
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const { length } = this.#data;
    const event = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    this.#event = '';
    this.#data = [];
    this.#size = 0;
    return length > 0 || event.event === 'resync' ? event : undefined;
  }
}
