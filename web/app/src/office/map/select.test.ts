import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '../../api/types';
import { chosen, contains, metersBetween, pointAt, ringOf, thinned, withStep, type Mode, type Shape, type Step } from './select';

// Four places on a line to the east, a tenth of a degree apart.
const places = { lon: [9.1, 9.2, 9.3, 9.4], lat: [47, 47, 47, 47] };
const box = (west: number, east: number): Shape => ({ kind: 'box', bounds: [west, 46, east, 48] });
const after = (...steps: Step[]) => [...chosen(steps, places) ?? []];

for (const [name, steps, want] of [
  ['a shape chooses what lies in it', [{ mode: 'replace', shape: box(9.15, 9.35) }], [0, 1, 1, 0]],
  ['another adds to it', [{ mode: 'replace', shape: box(9.15, 9.25) }, { mode: 'add', shape: box(9.35, 9.5) }], [0, 1, 0, 1]],
  ['another takes from it', [{ mode: 'replace', shape: box(9, 9.5) }, { mode: 'subtract', shape: box(9.15, 9.25) }], [1, 0, 1, 1]],
  ['another narrows it', [{ mode: 'replace', shape: box(9, 9.25) }, { mode: 'intersect', shape: box(9.15, 9.5) }], [0, 1, 0, 0]],
  ['everything else', [{ mode: 'replace', shape: box(9, 9.25) }, { mode: 'invert' }], [0, 0, 1, 1]],
  ['everything, of nothing', [{ mode: 'invert' }], [1, 1, 1, 1]],
] as [string, Step[], number[]][]) test(name, () => assert.deepEqual(after(...steps), want));

test('nothing drawn is no choice, which is not an empty one', () => {
  assert.equal(chosen([], places), null);
  assert.deepEqual(after({ mode: 'replace', shape: box(0, 1) }), [0, 0, 0, 0]);
});

test('adding, taking away and narrowing follow the rules of sets, whatever is drawn', () => {
  let seed = 7;
  const chance = () => (seed = seed * 16807 % 2147483647) / 2147483647;
  const lon = Array.from({ length: 200 }, () => 9 + chance()), lat = Array.from({ length: 200 }, () => 47 + chance());
  const any = (): Shape => chance() < 0.5 ? { kind: 'circle', centre: [9 + chance(), 47 + chance()], meters: 40_000 * chance() }
    : { kind: 'polygon', points: Array.from({ length: 5 }, () => [9 + chance(), 47 + chance()] as Point) };
  for (let round = 0; round < 50; round++) {
    const a = any(), b = any();
    const both = (mode: Mode) => chosen([{ mode: 'replace', shape: a }, { mode, shape: b }], { lon, lat })!;
    lon.forEach((x, i) => {
      const inA = contains(a, x, lat[i]!), inB = contains(b, x, lat[i]!);
      assert.equal(!!both('add')[i], inA || inB);
      assert.equal(!!both('subtract')[i], inA && !inB);
      assert.equal(!!both('intersect')[i], inA && inB);
    });
  }
});

test('a replacing step forgets those before, and turning round twice is nothing', () => {
  const one: Step = { mode: 'replace', shape: box(9, 9.2) }, two: Step = { mode: 'replace', shape: box(9.2, 9.5) };
  assert.deepEqual(withStep([one, { mode: 'invert' }], two), [two]);
  assert.deepEqual(withStep([one, { mode: 'invert' }], { mode: 'invert' }), [one]);
});

test('a lasso with a loop in it leaves the loop out', () => {
  const lasso: Shape = { kind: 'polygon', points: [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0], [4, 4], [6, 4], [6, 6], [4, 6], [4, 4]] };
  assert.ok(contains(lasso, 1, 5));
  assert.ok(!contains(lasso, 5, 5));
});

test('lengths on the earth: a degree of latitude, and there and back', () => {
  assert.ok(Math.abs(metersBetween([9, 47], [9, 48]) - 111_195) < 10);
  for (const bearing of [0, 45, 200, 359]) assert.ok(Math.abs(metersBetween([9.5, 47.1], pointAt([9.5, 47.1], 5000, bearing)) - 5000) < 0.01);
});

test('every point of a circle lies as far from its middle, and the ring is closed', () => {
  const ring = ringOf({ kind: 'circle', centre: [9.5, 47.1], meters: 1200 });
  assert.ok(ring.every(point => Math.abs(metersBetween([9.5, 47.1], point) - 1200) < 0.01));
  assert.ok(metersBetween(ring[0]!, ring.at(-1)!) < 0.01);
});

test('a drawn line keeps its corners and loses what lies on the way', () => {
  assert.deepEqual(thinned([[0, 0], [5, 0.2], [10, 0], [10, 5], [10, 10]], 1), [[0, 0], [10, 0], [10, 10]]);
  assert.deepEqual(thinned([[0, 0], [1, 1]], 1), [[0, 0], [1, 1]]);
});
