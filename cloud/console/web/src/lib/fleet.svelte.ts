// Gateways, devices and the newest value of each stream. Each stream is a cell of
// its own, so that a new value redraws one row and not the page: a city has ten
// thousand of them.
import type { Camera, Gateway, Value } from './api';
import {
  addSummaries,
  emptySummary,
  faultChannel,
  mergeValue,
  orderChannels,
  sameSummary,
  streamKey,
  summarize,
  type Summary,
} from './model';

/** A picture that is there. */
export interface Still {
  image: string;
  t: number;
}

export class StreamCell {
  readonly key: string;
  readonly gateway: string;
  readonly device: string;
  readonly channel: string;
  value: Value;

  constructor(v: Value) {
    this.key = streamKey(v);
    this.gateway = v.gateway;
    this.device = v.device;
    this.channel = v.channel;
    this.value = $state.raw(v);
  }
}

export interface DeviceView {
  id: string;
  info: NonNullable<Gateway['devices']>[number] | undefined;
  streams: StreamCell[];
}

export class GatewayCell {
  readonly id: string;
  info: Gateway;
  /** False while only values are known and no state has come. */
  known: boolean;
  streams = $state.raw<readonly StreamCell[]>([]);
  summary = $state.raw<Summary>(emptySummary);

  constructor(info: Gateway, known: boolean) {
    this.id = info.id;
    this.info = $state.raw(info);
    this.known = $state(known);
  }

  devices: DeviceView[] = $derived.by(() => {
    const byDevice = new Map<string, StreamCell[]>();
    for (const s of this.streams) {
      const list = byDevice.get(s.device);
      if (list) list.push(s);
      else byDevice.set(s.device, [s]);
    }
    const declared = this.info.devices ?? [];
    const out: DeviceView[] = declared.map((info) => ({
      id: info.id,
      info,
      streams: orderChannels(info.channels ?? [], byDevice.get(info.id) ?? []),
    }));
    const known = new Set(declared.map((d) => d.id));
    for (const [id, streams] of [...byDevice].sort(([a], [b]) => a.localeCompare(b))) {
      if (!known.has(id)) out.push({ id, info: undefined, streams: orderChannels([], streams) });
    }
    return out;
  });
}

class Fleet {
  gateways = $state.raw<readonly GatewayCell[]>([]);
  total = $state.raw({ gateways: 0, online: 0, ...emptySummary });
  /** Newest picture per "gateway/device". */
  cameras = $state.raw<ReadonlyMap<string, Still>>(new Map());

  #byId = new Map<string, GatewayCell>();
  #streams = new Map<string, StreamCell>();
  #pending = new Map<string, Value>();

  gateway(id: string): GatewayCell | undefined {
    void this.gateways; // a page that asks early is told when the gateway appears
    return this.#byId.get(id);
  }

  stream(key: string): StreamCell | undefined {
    void this.gateways;
    const cell = this.#streams.get(key);
    if (!cell) void this.#byId.get(key.split('/', 1)[0]!)?.streams;
    return cell;
  }

  setGateway(info: Gateway): void {
    const cell = this.#byId.get(info.id);
    if (cell) {
      cell.info = info;
      cell.known = true;
    } else this.#add(new GatewayCell(info, true));
  }

  /** Takes a whole list: what is not in it has gone. `fresher` names those that changed since the list was asked for. */
  setGateways(list: readonly Gateway[], fresher: ReadonlySet<string>): void {
    const listed = new Set(list.map((g) => g.id));
    for (const g of list) if (!fresher.has(g.id)) this.setGateway(g);
    const gone = [...this.#byId.values()].filter((g) => g.known && !listed.has(g.id) && !fresher.has(g.id));
    for (const g of gone) {
      this.#byId.delete(g.id);
      for (const s of g.streams) this.#streams.delete(s.key);
    }
    if (gone.length > 0) this.#sort();
  }

  setCamera(c: Camera): void {
    this.setCameras([c]);
  }

  setCameras(list: readonly Camera[]): void {
    const next = new Map(this.cameras);
    for (const { gateway, device, image, t } of list) {
      if (!image || t === null) continue;
      const key = `${gateway}/${device}`;
      if ((next.get(key)?.t ?? 0) <= t) next.set(key, { image, t });
    }
    this.cameras = next;
  }

  /** Sets values aside until the next flush; of one stream only the newest. */
  queue(values: readonly Value[]): void {
    for (const v of values) {
      const key = streamKey(v);
      this.#pending.set(key, mergeValue(this.#pending.get(key), v));
    }
  }

  get waiting(): boolean {
    return this.#pending.size > 0;
  }

  /** Shows what was queued. */
  flush(): void {
    if (this.#pending.size === 0) return;
    const added = new Map<GatewayCell, StreamCell[]>();
    for (const [key, v] of this.#pending) {
      const cell = this.#streams.get(key);
      if (cell) {
        const merged = mergeValue(cell.value, v);
        if (merged !== cell.value) cell.value = merged;
        continue;
      }
      const made = new StreamCell(v);
      this.#streams.set(key, made);
      const g = this.#byId.get(v.gateway) ?? this.#add(new GatewayCell({ id: v.gateway, online: true }, false));
      const list = added.get(g);
      if (list) list.push(made);
      else added.set(g, [made]);
    }
    this.#pending.clear();
    for (const [g, list] of added) g.streams = [...g.streams, ...list];
  }

  /** Counts anew; called once a second, since values become stale by themselves. */
  summarize(now: number): void {
    let sum = emptySummary;
    let online = 0;
    for (const g of this.#byId.values()) {
      const s = summarize(g.info, values(g.streams), now);
      if (!sameSummary(s, g.summary)) g.summary = s;
      sum = addSummaries(sum, s);
      if (g.info.online) online++;
    }
    const total = { gateways: this.#byId.size, online, ...sum };
    const old = this.total;
    if (total.gateways !== old.gateways || total.online !== old.online || !sameSummary(total, old)) this.total = total;
  }

  #add(g: GatewayCell): GatewayCell {
    this.#byId.set(g.id, g);
    this.#sort();
    return g;
  }

  #sorting = false;
  /** One sort for all that were added in the same turn. */
  #sort(): void {
    if (this.#sorting) return;
    this.#sorting = true;
    queueMicrotask(() => {
      this.#sorting = false;
      this.gateways = [...this.#byId.values()].sort((a, b) => a.id.localeCompare(b.id));
    });
  }
}

function* values(cells: readonly StreamCell[]): Generator<Value> {
  for (const c of cells) yield c.value;
}

/** The reason why a whole device has no readings, when that is the newest thing known of it. */
export function deviceFault(d: DeviceView): Value | undefined {
  const fault = d.streams.find((s) => s.channel === faultChannel)?.value;
  if (!fault) return undefined;
  return d.streams.every((s) => s.channel === faultChannel || s.value.t <= fault.t) ? fault : undefined;
}

export const fleet = new Fleet();
