import { expect, test } from 'vitest';
import { toGCJ } from './datum';

// Points of the aggregator's own formula (cloud/area, TestGCJ02): both must say the same.
test('a position is shifted as the aggregator shifts it', () => {
  for (const [lat, lon, wantLat, wantLon] of [
    [30.319, 120.142, 30.316698163, 120.146734476],
    [39.915, 116.404, 39.916404282, 116.410244499],
    [31.2304, 121.4737, 31.228457738, 121.478223059],
    [43.8256, 87.6168, 43.826805393, 87.619649949],
  ] as const) {
    const g = toGCJ({ lat, lon });
    expect(g.lat).toBeCloseTo(wantLat, 8);
    expect(g.lon).toBeCloseTo(wantLon, 8);
  }
});

test('what lies outside of China stays', () => {
  for (const p of [{ lat: 48.1, lon: 11.5 }, { lat: 0.5, lon: 100 }, { lat: 35.6, lon: 139.7 }]) expect(toGCJ(p)).toEqual(p);
});
