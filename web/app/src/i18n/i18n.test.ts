import assert from 'node:assert/strict';
import { test } from 'node:test';
import { de } from './de';
import { en } from './en';
import { addDays, ago, distance, dayOf, duration, hours, wallTime } from './format';
import { setCatalog, t } from './index';

setCatalog('en', en);

/** Spaces that do not break, as plain ones. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(match => match[1]).sort();

test('both languages have the same keys', () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
});

test('both languages fill in the same values', () => {
  for (const [key, text] of Object.entries(en)) {
    const other = (de as unknown as Record<string, string | { one: string; other: string }>)[key]!;
    assert.equal(typeof other, typeof text, key);
    if (typeof text === 'string') assert.deepEqual(placeholders(other as string), placeholders(text), key);
    else assert.deepEqual(placeholders((other as { other: string }).other), placeholders(text.other), key);
  }
});

test('no text is empty', () => {
  for (const catalog of [en, de]) for (const [key, text] of Object.entries(catalog)) assert.ok(typeof text === 'string' ? text.trim() : text.one.trim() && text.other.trim(), key);
});

test('plurals follow the number', () => {
  assert.equal(t('settings.visits', { n: 1 }), '1 visit');
  assert.equal(t('settings.visits', { n: 0 }), '0 visits');
  setCatalog('de', de);
  assert.equal(t('settings.visits', { n: 2 }), '2 Besuche');
  setCatalog('en', en);
});

test('durations are said as people say them', () => {
  const cases: [number, string][] = [[0, '0 min'], [20, '1 min'], [600, '10 min'], [3600, '1 h'], [4800, '1 h 20'], [3660, '1 h 01']];
  for (const [seconds, want] of cases) assert.equal(plain(duration(seconds)), want);
  assert.equal(plain(hours(137_000)), '38 h');
});

test('lengths are rounded as people round them', () => {
  const cases: [number, string][] = [[40, '50 m'], [430, '450 m'], [3440, '3.4 km'], [128_400, '128 km']];
  for (const [meters, want] of cases) assert.equal(plain(distance(meters)), want);
  setCatalog('de', de);
  assert.equal(plain(distance(3440)), '3,4 km');
  setCatalog('en', en);
});

test('days are counted over months and the change of the clock', () => {
  assert.equal(addDays('2026-10-24', 2), '2026-10-26');
  assert.equal(addDays('2026-03-01', -1), '2026-02-28');
  assert.equal(dayOf('2026-11-22T23:30:00Z', 'Europe/Vaduz'), '2026-11-23');
});

test('wall time is found in summer, in winter and on the day between', () => {
  const iso = (day: string, hour: number, zone: string) => new Date(wallTime(day, hour, 0, zone)).toISOString();
  assert.equal(iso('2026-11-23', 8, 'Europe/Vaduz'), '2026-11-23T07:00:00.000Z');
  assert.equal(iso('2026-07-01', 8, 'Europe/Vaduz'), '2026-07-01T06:00:00.000Z');
  assert.equal(iso('2026-10-25', 8, 'Europe/Vaduz'), '2026-10-25T07:00:00.000Z');
  assert.equal(iso('2026-11-23', 8, 'Australia/Lord_Howe'), '2026-11-22T21:00:00.000Z');
});

test('long ago is told by the date, with the year when it is another', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  const cases: [string, string][] = [['2026-11-23T11:59:40Z', 'just now'], ['2026-11-23T11:48:00Z', '12 min ago'], ['2026-11-23T09:00:00Z', '3 h ago'], ['2026-09-11T09:00:00Z', '11 Sept'], ['2025-05-03T09:00:00Z', '3 May 2025']];
  for (const [at, want] of cases) assert.equal(ago(at, 'Europe/Vaduz', now), want);
});
