import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundsOf, pinsData, tilesAlong } from './data';

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
