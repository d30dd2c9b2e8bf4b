// GCJ-02, by which many maps of China are shifted by some hundred metres against WGS 84 and
// CGCS2000 (which differ by centimetres). The formula is that of the openly known
// implementations, on the ellipsoid of Krasovsky 1940; the aggregator has the same.
import type { Position } from '../api';

const a = 6378245.0;
const e2 = 0.00669342162296594323;

function waves(v: number, x: number, y: number): number {
  return x * Math.sin(v * Math.PI) + y * Math.sin((v * Math.PI) / 3);
}

/** Where a WGS 84 position is on a map in GCJ-02. */
export function toGCJ(p: Position): Position {
  if (p.lon < 72.004 || p.lon > 137.8347 || p.lat < 0.8293 || p.lat > 55.8271) return p;
  const x = p.lon - 105;
  const y = p.lat - 35;
  const short = 20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI);
  const root = Math.sqrt(Math.abs(x));
  const lat =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root +
    ((short + waves(y, 20, 40) + 160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y * Math.PI) / 30)) * 2) / 3;
  const lon =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root +
    ((short + waves(x, 20, 40) + 150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * 2) / 3;
  const phi = (p.lat / 180) * Math.PI;
  const w2 = 1 - e2 * Math.sin(phi) * Math.sin(phi);
  const w = Math.sqrt(w2);
  return {
    lat: p.lat + (lat * 180) / (((a * (1 - e2)) / (w2 * w)) * Math.PI),
    lon: p.lon + (lon * 180) / ((a / w) * Math.cos(phi) * Math.PI),
  };
}
