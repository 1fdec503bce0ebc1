import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crowding, placesData, shapesData } from './layers';

const drawn = { lon: [9.1, 9.2, 9.3], lat: [47, 47, 47], colour: (i: number) => ['red', 'green', 'blue'][i]!, radius: Float32Array.from([4, 8, 12]), weight: () => 0.5 };

test('what a legend hides is not drawn, and what is chosen lies above the rest, small above large', () => {
  const { features } = placesData({ ...drawn, shown: i => i !== 1, on: i => i === 0 ? 1 : 0 });
  assert.deepEqual(features.map(({ properties }) => [properties!.i, properties!.c, properties!.on]), [[0, 'red', 1], [2, 'blue', 0]]);
  assert.ok(features[0]!.properties!.sort > features[1]!.properties!.sort);
});

test('a few places keep their size, twenty thousand are half as large, and none is too small to hit', () => {
  assert.equal(crowding(200), 1);
  assert.ok(Math.abs(crowding(20_000) - 0.52) < 0.01);
  assert.equal(crowding(50_000_000), 0.45);
});

test('each shape is outlined, turning round is not', () => {
  const { features } = shapesData([{ mode: 'replace', shape: { kind: 'box', bounds: [9, 46, 10, 48] } }, { mode: 'invert' }, { mode: 'subtract', shape: { kind: 'circle', centre: [9.5, 47], meters: 100 } }]);
  assert.deepEqual(features.map(({ properties }) => properties!.mode), ['replace', 'subtract']);
});
