import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setCatalog } from '../../i18n';
import { en } from '../../i18n/en';
import { fromAddress, toAddress, written } from './filter';
import { decimal, read, type Kind, type KindField } from './kinds';

setCatalog('en', en);
const label = { en: 'x', de: 'x' };
const field = (name: string, type: KindField['type'], more: Partial<KindField> = {}): KindField => ({ name, type, label, ...more });
const kind = { name: 'deal', fields: [field('stage', 'enum'), field('amount', 'money'), field('name', 'text'), field('due_at', 'instant'), field('done', 'bool')] } as unknown as Kind;

test('numbers as people type them', () => {
  for (const [text, want] of [['1200', 1200], ["1'200.50", 1200.5], ['1.200,50', 1200.5], ['1 200', 1200], ['CHF 12', 12], ['-3,5', -3.5], ['x', undefined], ['', undefined]] as const) assert.equal(decimal(text), want, text);
});

test('values read back from what is typed', () => {
  assert.equal(read(field('a', 'money'), '12.5'), 1250);
  assert.equal(read(field('a', 'integer'), '1.5'), undefined);
  assert.equal(read(field('a', 'date'), '23.11.2026'), '2026-11-23');
  assert.equal(read(field('a', 'date'), '30.2.2026'), undefined);
  assert.deepEqual(read(field('a', 'tags'), 'a, b,, '), ['a', 'b']);
  assert.equal(read(field('a', 'enum', { options: [{ value: 'won', label: { en: 'Won', de: 'Gewonnen' } }] }), 'gewonnen'), 'won');
  assert.equal(read(field('a', 'bool'), 'nein'), false);
});

test('conditions in the words of the grammar', () => {
  const w = (field: string, op: string, ...values: string[]) => written(kind, { field, op, values });
  assert.equal(w('stage', 'in', 'won', 'lost'), 'stage in (won, lost)');
  assert.equal(w('amount', '>=', '1000'), 'amount >= 100000');
  assert.equal(w('name', '~', 'say "x" and'), 'name ~ "say \\"x\\" and"');
  assert.equal(w('name', '=', 'and'), 'name = "and"');
  assert.equal(w('due_at', 'until', 'today+7d'), 'due_at <= today+7d');
  assert.equal(w('done', 'no'), 'done = false');
  assert.equal(w('stage', 'in'), '');
});

test('conditions survive the address', () => {
  const conditions = [{ field: 'name', op: '~', values: ['a:b;c,d %'] }, { field: 'stage', op: 'in', values: ['won', 'lost'] }];
  assert.deepEqual(fromAddress(toAddress(conditions)), conditions);
  assert.deepEqual(fromAddress('x;;%zz:='), []);
});
