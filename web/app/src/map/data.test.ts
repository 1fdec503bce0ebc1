import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundsOf, focusData, gathers, openColour, pinsData, tilesAlong, tilesAround, type Pin } from './data';

test('the box around points holds them all, and nothing has no box', () => {
  assert.deepEqual(boundsOf([[9.5, 47.1], [9.4, 47.3]]), [9.4, 47.1, 9.5, 47.3]);
  assert.equal(boundsOf([]), null);
});

test('tiles along a line: known tile of Vaduz, each once, within the limit', () => {
  const tiles = tilesAlong([[9.5209, 47.141], [9.5209, 47.1411]], 12, 14);
  assert.ok(tiles.some(([z, x, y]) => z === 14 && x === 8625 && y === 5753), JSON.stringify(tiles.filter(([z]) => z === 14)));
  assert.equal(new Set(tiles.map(String)).size, tiles.length);
  assert.equal(tiles.length, 27);
  assert.equal(tilesAlong([[9.5, 47.1]], 10, 14, 7).length, 7);
});

test('tiles at the edge of the world exist', () => {
  for (const [z, x, y] of tilesAlong([[179.99, 85], [-179.99, -85]], 3, 5)) assert.ok(x >= 0 && y >= 0 && x < 2 ** z && y < 2 ** z);
});

test('what has no place lies above the stops, with its own picture', () => {
  const { features } = pinsData([{ id: 'a', point: [9, 47], text: '1', colour: 3, look: 'stop' }, { id: 'b', point: [9, 47], text: '', look: 'open', weight: 90 }], 'light');
  assert.equal(features[0]!.properties!.image, 'pin|stop|3|1|light');
  assert.ok(features[1]!.properties!.sort > features[0]!.properties!.sort);
});

test('pins say what a cluster needs to know of them; a base and the reader stand alone', () => {
  const pins: Pin[] = [{ id: 'a', point: [9, 47], text: '1', colour: 3, look: 'stop' }, { id: 'b', point: [9, 47], text: '', look: 'open' }, { id: 'c', point: [9, 47], text: '', look: 'base' }, { id: 'd', point: [9, 47], text: '', look: 'me' }];
  assert.deepEqual(pinsData(pins.slice(0, 2), 'light').features.map(({ properties }) => [properties!.colour, properties!.open]), [[3, 0], [openColour, 1]]);
  assert.deepEqual(pins.filter(gathers).map(pin => pin.id), ['a', 'b']);
});

test('what is chosen lies above what is pointed at, each once', () => {
  const pins: Pin[] = [{ id: 'a', point: [9, 47], text: '1', look: 'stop' }, { id: 'b', point: [9.1, 47], text: '2', look: 'stop' }];
  const lights = (hovered: string | null, selected: string | null) => focusData(pins, hovered, selected, 'dark').features.map(({ properties }) => [properties!.id, properties!.light]);
  assert.deepEqual(lights('b', 'a'), [['b', 'hovered'], ['a', 'selected']]);
  assert.deepEqual(lights('a', 'a'), [['a', 'selected']]);
  assert.deepEqual(lights(null, 'gone'), []);
});

test('the ring around a view lies next to it and holds none of it', () => {
  const ring = tilesAround([9.5, 47.1, 9.52, 47.11], 15).map(([, x, y]) => `${x}/${y}`);
  assert.equal(new Set(ring).size, ring.length);
  assert.equal(ring.length, 5 * 5 - 3 * 3, 'three by three tiles are in view');
  assert.ok(!ring.includes('17248/11512'));
  assert.deepEqual(tilesAround([-180, -85, 179.9, 85], 0).filter(([, , y]) => y !== 0), [], 'no tile north or south of the world');
});
