import assert from 'node:assert/strict';
import { test } from 'node:test';
import { largest, marksOf, scaleOf, sizesOf, smallest, usual } from './scale';

const told = (field: Parameters<typeof scaleOf>[0], values: unknown[]) => scaleOf(field, values).classes.map(({ key, colour, n }) => [key, colour, n]);

test('options keep their order and colour, whatever is there', () => {
  const stage = { name: 'stage', type: 'enum', options: [{ value: 'lead' }, { value: 'prospect' }, { value: 'customer' }] };
  assert.deepEqual(told(stage, ['customer', 'customer', 'lead', null]), [['lead', 0, 1], ['customer', 2, 2], ['none', 0, 1]]);
  assert.deepEqual([...scaleOf(stage, ['customer', 'lead', null]).of], [1, 0, 2]);
});

test('of more than ten words the rarer ones are one class, and the numbers still add up', () => {
  const values = Array.from({ length: 78 }, (_, i) => 'abcdefghijkl'[Math.floor((Math.sqrt(8 * i + 1) - 1) / 2)]!);
  const { classes, of } = scaleOf({ name: 'city', type: 'text' }, values);
  assert.equal(classes.length, 10);
  assert.equal(classes[0]!.key, 'l', 'the most frequent comes first');
  assert.equal(classes.at(-1)!.key, 'rest');
  assert.equal(classes.reduce((sum, one) => sum + one.n, 0), 78);
  classes.forEach((one, i) => assert.equal(of.filter(at => at === i).length, one.n));
});

test('people keep the colour they have elsewhere', () => {
  const { classes } = scaleOf({ name: 'owner_id', type: 'ref' }, ['anna', 'ben', 'anna'], id => id === 'ben' ? 7 : undefined);
  assert.deepEqual(classes.map(({ key, colour }) => [key, colour]), [['anna', 0], ['ben', 7]]);
});

test('numbers fall into five classes of like number', () => {
  const { classes } = scaleOf({ name: 'employees', type: 'integer' }, Array.from({ length: 100 }, (_, i) => i));
  assert.deepEqual(classes.map(({ from, to, n }) => [from, to, n]), [[0, 20, 20], [20, 40, 20], [40, 60, 20], [60, 80, 20], [80, 99, 20]]);
});

test('what is alike stays together, down to a single class', () => {
  assert.deepEqual(scaleOf({ name: 'n', type: 'number' }, [1, 1, 1, 1, 1, 1, 1, 1, 9, 10]).classes.map(({ from, to, n }) => [from, to, n]), [[1, 9, 8], [9, 10, 2]]);
  assert.deepEqual(told({ name: 'n', type: 'number' }, [5, 5]), [['step 0', 4, 2]]);
  assert.deepEqual(told({ name: 'n', type: 'number' }, [null]), [['none', 0, 1]]);
  assert.deepEqual(told({ name: 'n', type: 'number' }, []), []);
});

test('days lie on a line too', () => {
  assert.deepEqual(scaleOf({ name: 'd', type: 'date' }, ['2026-01-01', '2026-06-01', 'x']).classes.map(one => one.n), [1, 1, 1]);
});

test('areas grow with the value; nothing is small, and without a field all are alike', () => {
  const { radius } = sizesOf([100, 25, 0, null, -3], 5);
  assert.deepEqual([...radius].map(Math.round), [largest, Math.round(smallest + (largest - smallest) / 2), smallest, smallest, smallest]);
  assert.deepEqual([...sizesOf(null, 2).radius], [usual, usual]);
  assert.deepEqual(sizesOf([1, 1, null], 3), { radius: new Float32Array([usual, usual, usual]), most: 0 }, 'what is the same everywhere tells nothing apart');
});

test('the legend of sizes tells round figures', () => {
  assert.deepEqual(marksOf(873, true), [800, 200, 40]);
  assert.deepEqual(marksOf(0, true), []);
  assert.deepEqual(marksOf(1, true), [1]);
  assert.deepEqual(marksOf(3, false), [3, 0.75, 0.15]);
});
