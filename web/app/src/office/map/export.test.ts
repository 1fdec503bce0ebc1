import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csv } from './export';

for (const [name, value, want] of [
  ['a plain word', 'Bakery', 'Bakery'], ['a comma and a quotation mark', 'Bakery, "old"', '"Bakery, ""old"""'], ['nothing', null, ''], ['a number', -3.5, '-3.5'],
  ['a formula stays a text', '=cmd()', "'=cmd()"], ['a telephone number is no formula', '+423 232 00 00', '+423 232 00 00'], ['a list', ['a', 'b'], 'a b'], ['several lines', 'a\nb', '"a\nb"'],
] as const) test(name, () => assert.equal(csv([[value]]), want + '\r\n'));
