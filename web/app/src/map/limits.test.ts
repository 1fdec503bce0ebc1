import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joined, keepWithin, leastZoom, type Bounds } from './limits';

const liechtenstein: Bounds = [9.47, 47.04, 9.64, 47.28];
const screen = { width: 1440, height: 900, bearing: 0 };

test('a view inside the land stays as it is', () => {
  const kept = keepWithin(liechtenstein, screen, [9.53, 47.14], 15);
  assert.ok(Math.abs(kept.lon - 9.53) < 1e-9 && Math.abs(kept.lat - 47.14) < 1e-9 && kept.zoom === 15, JSON.stringify(kept));
});

test('a view far away comes back to the edge of the land, with a part of it still in view', () => {
  const kept = keepWithin(liechtenstein, screen, [-3.7, 40.4], 14);
  assert.ok(kept.lon > 9.47 && kept.lon < 9.55, `lon ${kept.lon}`);
  assert.ok(kept.lat > 47.04 && kept.lat < 47.08, `lat ${kept.lat}`);
});

test('a view larger than the land lies on its middle', () => {
  const kept = keepWithin(liechtenstein, screen, [12, 50], 8);
  assert.ok(Math.abs(kept.lon - 9.555) < 1e-6, `lon ${kept.lon}`);
  assert.ok(Math.abs(kept.lat - 47.16) < 1e-2, `lat ${kept.lat}`);
});

test('keeping twice is keeping once, turned or not', () => {
  for (const bearing of [0, 30, 90, -135]) for (const zoom of [3, 9, 11, 13, 18]) for (const at of [[9.5, 47.1], [0, 0], [179, -80]] as [number, number][]) {
    const once = keepWithin(liechtenstein, { ...screen, bearing }, at, zoom);
    const twice = keepWithin(liechtenstein, { ...screen, bearing }, [once.lon, once.lat], once.zoom);
    assert.ok(Math.abs(once.lon - twice.lon) < 1e-9 && Math.abs(once.lat - twice.lat) < 1e-9 && once.zoom === twice.zoom);
  }
});

test('a small land may be seen among its neighbours, a large one whole', () => {
  assert.equal(leastZoom(liechtenstein, screen), 8);
  assert.ok(leastZoom([-10, 36, 30, 60], screen) < 5);
  assert.ok(leastZoom([9.5, 47.1, 9.5, 47.1], { width: 0, height: 0, bearing: 0 }) >= 0);
});

test('what lies outside is taken in', () => {
  assert.deepEqual(joined([1, 1, 2, 2], [0, 1.5, 1.5, 3]), [0, 1, 2, 3]);
  assert.deepEqual(joined([1, 1, 2, 2], null), [1, 1, 2, 2]);
});
