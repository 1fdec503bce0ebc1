import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf } from './address';

for (const [name, text, want] of [
  ['street, number, postcode and town', 'Landstrasse 12b, 9490 Vaduz', { street: 'Landstrasse', house_number: '12b', postcode: '9490', city: 'Vaduz' }],
  ['a range of numbers', 'Im Bretscha 22-24, 9494  Schaan', { street: 'Im Bretscha', house_number: '22-24', postcode: '9494', city: 'Schaan' }],
  ['a Portuguese postcode', 'Rua das Flores 3, 4050-262 Porto', { street: 'Rua das Flores', house_number: '3', postcode: '4050-262', city: 'Porto' }],
  ['a town without postcode', 'Alte Mühle, Triesen', { street: 'Alte Mühle', city: 'Triesen' }],
  ['words that are no address', 'behind the church', { street: 'behind the church' }],
  ['nothing', '  ', {}],
] as const) test(name, () => assert.deepEqual(partsOf(text), want));
