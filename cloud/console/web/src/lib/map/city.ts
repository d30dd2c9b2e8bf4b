// The map itself: boundaries drawn, gateways as marks that are buttons. It knows nothing of
// where its data come from and nothing of Svelte.
import L from 'leaflet';
import 'leaflet/dist/leaflet.css';
import type { Feature, FeatureCollection, Geometry } from 'geojson';
import type { Ground, Position } from '../api';
import { toGCJ } from './datum';
import { deepest, Marks, type Mark, type Point } from './points';

/** An area whose boundary is known. */
export interface Bounded {
  code: string;
  /** What stands on it. */
  label: string;
  /** The worst severity in it; empty: nothing is active. */
  worst: string;
  shape: Geometry;
}

/** What the page gives: words, drawings, and what a choice means. */
export interface Face {
  zoomIn: string;
  zoomOut: string;
  /** HTML of a mark, made of nothing that came from outside. */
  draw(mark: Mark): string;
  /** A mark in words. */
  say(mark: Mark): string;
  /** Colours of lines, and of an area by its worst severity. */
  line(): string;
  fill(worst: string): string;
  /** Of a river, a road or what else lies below, by its kind. */
  ink(kind: string): string;
  /** Of the ring around what is chosen. */
  ring(): string;
  choose(code: string): void;
  open(point: Point): void;
  /** What lies below; empty: nothing. */
  ground: Ground | undefined;
  /** A part of it could not be loaded. */
  bare(): void;
  /** Several gateways stand at one place. */
  list(mark: Mark): void;
}

/** So many areas have their names on the map; of more, one is told where the mouse is. */
const named = 30;
/** Marks around the window that are there before one moves to them, as a share of it. */
const margin = 0.2;

export class CityMap {
  #map: L.Map;
  #face: Face;
  #areas = L.layerGroup();
  #below = L.layerGroup();
  #underlay: L.Canvas;
  #drawn = new Map<string, { marker: L.Marker; html: string; words: string }>();
  #marks = new Marks([]);
  #renderer = L.canvas({ padding: 0.3 });
  #ring: L.CircleMarker | undefined;
  /** Where a place is on the ground that lies below: things move, and not the ground. */
  #place = (p: Position): Position => p;

  constructor(box: HTMLElement, face: Face) {
    this.#face = face;
    this.#map = L.map(box, {
      zoomControl: false,
      attributionControl: false,
      minZoom: 3,
      maxZoom: deepest,
      // Nothing flies about: it shows nothing more, and outlives a page that is left meanwhile.
      zoomAnimation: false,
      fadeAnimation: false,
    });
    L.control.zoom({ zoomInTitle: face.zoomIn, zoomOutTitle: face.zoomOut }).addTo(this.#map);
    const ground = face.ground;
    if (ground?.tiles) {
      if (ground.coordinates === 'gcj02') this.#place = toGCJ;
      L.tileLayer(ground.tiles, { maxNativeZoom: 18, maxZoom: deepest }).on('tileerror', () => face.bare()).addTo(this.#map);
    }
    // Below the areas, whichever is drawn last; what is pressed there is the area.
    this.#map.createPane('below').style.cssText = 'z-index: 350; pointer-events: none';
    this.#underlay = L.canvas({ padding: 0.3, pane: 'below' });
    this.#below.addTo(this.#map);
    this.#map.setView([30, 110], 4);
    this.#areas.addTo(this.#map);
    this.#map.on('moveend', () => (this.#redraw(), this.#declutter()));
  }

  /** Draws these boundaries in place of those before. */
  areas(list: readonly Bounded[]): void {
    this.#areas.clearLayers();
    const few = list.length <= named;
    for (const a of list) {
      const style = { renderer: this.#renderer, color: this.#face.line(), weight: 1.5, fillColor: this.#face.fill(a.worst), fillOpacity: a.worst ? 0.35 : 0.06 };
      L.geoJSON(a.shape, { style: () => style, coordsToLatLng: ([lon, lat]) => this.#at({ lat, lon }) } as L.GeoJSONOptions)
        .bindTooltip(text(a.label), few ? { permanent: true, direction: 'top', offset: [0, -18], className: 'area-name', opacity: 1 } : { sticky: true, direction: 'top' })
        .on('click', () => this.#face.choose(a.code))
        .addTo(this.#areas);
    }
    this.#declutter();
  }

  /** Draws rivers, water, roads and railways in place of those before, and returns how many. */
  layers(all: FeatureCollection): number {
    this.#below.clearLayers();
    const style = (f?: Feature) => {
      const kind = String(f?.properties?.kind ?? '');
      const { weight, dashArray } = strokes[kind] ?? { weight: 1 };
      return { color: this.#face.ink(kind), weight, dashArray, fillOpacity: 0.9, interactive: false };
    };
    // The options of a path go with those of the whole; the library's types know only one kind.
    const options = { style, interactive: false, renderer: this.#underlay, pane: 'below', coordsToLatLng: ([lon, lat]: number[]) => this.#at({ lat: lat!, lon: lon! }) };
    for (const f of drawn(all)) L.geoJSON(f, options as L.GeoJSONOptions).addTo(this.#below);
    return all.features.length;
  }

  /** Leaves the names out that are wider than their areas. */
  #declutter(): void {
    this.#areas.eachLayer((l) => {
      const name = l.getTooltip()?.getElement();
      if (!name || !(l instanceof L.GeoJSON)) return;
      const b = l.getBounds();
      const wide = this.#map.latLngToContainerPoint(b.getSouthEast()).x - this.#map.latLngToContainerPoint(b.getNorthWest()).x;
      name.style.visibility = name.offsetWidth > wide ? 'hidden' : '';
    });
  }

  points(list: readonly Point[]): void {
    const here = list.map((p) => ({ ...p, at: this.#place(p.at) }));
    if (!this.#marks.update(here)) this.#marks = new Marks(here);
    this.#redraw();
  }

  /** Puts a ring around a place and brings it into sight; undefined: there is none. */
  mark(p: Position | undefined): void {
    this.#ring?.remove();
    this.#ring = undefined;
    if (!p) return;
    const at = this.#at(p);
    this.#ring = L.circleMarker(at, { renderer: this.#renderer, radius: 24, weight: 4, color: this.#face.ring(), fill: false, interactive: false }).addTo(this.#map);
    if (!this.#map.getBounds().contains(at)) this.#map.panTo(at, { animate: false });
  }

  /** Shows a box of west, south, east and north whole. */
  show([west, south, east, north]: [number, number, number, number]): void {
    const corners = [{ lat: south, lon: west }, { lat: north, lon: east }].map((p) => this.#at(p));
    this.#map.fitBounds(L.latLngBounds(corners), { padding: [24, 24], maxZoom: 16 });
  }

  #at(p: Position): L.LatLng {
    const { lat, lon } = this.#place(p);
    return L.latLng(lat, lon);
  }

  /** The place that it has on the page has changed. */
  resized(): void {
    this.#map.invalidateSize();
  }

  close(): void {
    this.#map.off();
    this.#map.stop(); // what still moves would find no map
    this.#map.remove();
  }

  #redraw(): void {
    const b = this.#map.getBounds().pad(margin);
    const wanted = new Map(
      this.#marks
        .within([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], this.#map.getZoom())
        .map((m) => [m.key, m] as const),
    );
    for (const [key, { marker }] of this.#drawn) {
      if (wanted.has(key)) continue;
      marker.remove();
      this.#drawn.delete(key);
    }
    for (const mark of wanted.values()) this.#put(mark);
  }

  #put(mark: Mark): void {
    const html = this.#face.draw(mark);
    const words = this.#face.say(mark);
    const old = this.#drawn.get(mark.key);
    if (old?.html === html && old.words === words) {
      this.#listen(old.marker, mark);
      return;
    }
    const icon = L.divIcon({ html, className: 'mark', iconSize: [34, 34] });
    const marker = old ? old.marker.setIcon(icon) : L.marker([mark.at.lat, mark.at.lon], { icon, riseOnHover: true }).addTo(this.#map);
    marker.setZIndexOffset(mark.worst ? 1000 : mark.away > 0 ? 500 : 0);
    const e = marker.getElement()!;
    e.setAttribute('aria-label', words);
    e.title = words;
    e.dataset.mark = mark.key;
    this.#listen(marker, mark);
    this.#drawn.set(mark.key, { marker, html, words });
  }

  #listen(marker: L.Marker, mark: Mark): void {
    marker.off('click').on('click', () => this.#press(mark));
    // The library makes a button of it that only a mouse can press.
    marker.getElement()!.onkeydown = (e) => {
      if (e.key !== 'Enter' && e.key !== ' ') return;
      e.preventDefault();
      e.stopPropagation();
      this.#press(mark);
    };
  }

  #press(mark: Mark): void {
    if (mark.point) this.#face.open(mark.point);
    else if ((mark.apart ?? deepest) > deepest) this.#face.list(mark);
    else this.#map.setView([mark.at.lat, mark.at.lon], mark.apart);
  }
}

/** How wide lines are, in pixels; railways are broken so that they are no roads. */
const strokes: Record<string, { weight: number; dashArray?: string }> = {
  motorway: { weight: 4 },
  main: { weight: 3 },
  street: { weight: 2 },
  path: { weight: 1 },
  rail: { weight: 2, dashArray: '6 4' },
  river: { weight: 3 },
  stream: { weight: 2 },
  water: { weight: 1 },
};
/** What lies lowest comes first: surfaces, then rivers, then what crosses them. */
const drawn = (all: FeatureCollection) => {
  const rank = (f: Feature) => (f.properties?.kind === 'water' ? 0 : wet(String(f.properties?.kind)) ? 1 : 2);
  return [...all.features].sort((a, b) => rank(a) - rank(b));
};

/** Whether a kind is water, which has water's colour. */
export const wet = (kind: string) => kind === 'water' || kind === 'river' || kind === 'stream';

/** A text as a node: names come from outside. */
function text(s: string): HTMLElement {
  const e = document.createElement('span');
  e.textContent = s;
  return e;
}
