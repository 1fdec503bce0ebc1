import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Today, Visit, VisitState } from '../api/types';
import { changes, current, navigateLink, nextAction, rows } from './day';
import type { Entry } from './outbox';

const visit = (id: string, state: VisitState = 'dispatched', more: Partial<Visit> = {}): Visit => ({
  id, number: id, kind: 'service', state, title: `Visit ${id}`, priority: 30, duration_seconds: 3600, account: { id: 'a', name: 'Hotel Bergblick' },
  site: { id: 's', label: 'Landstrasse 1', point: [9.5, 47.1] }, pinned: false, version: 1, ...more,
});
const at = (hour: number, minute = 0) => new Date(Date.UTC(2026, 10, 23, hour, minute)).toISOString();
const today = (visits: [Visit, number, number?][], version = 1): Today => ({
  date: '2026-11-23', zone: 'Europe/Vaduz', resource: null,
  route: { id: 'r', state: 'published', version, published_at: at(5), start: at(6), end: at(16), travel_seconds: 0, travel_meters: 0 },
  stops: visits.map(([one, hour, minute]) => ({ kind: 'visit', visit: one, arrive: at(hour, minute), start: at(hour, minute), leave: at(hour + 1, minute), leg_seconds: 600, leg_meters: 5000 })),
});
const entry = (visitId: string, kind: Entry['kind']): Entry => ({ id: kind + visitId, order: 1, kind, visit_id: visitId, title: '', base_version: 1, device_time: at(8), tz: 'UTC', payload: {}, holdUntil: 0 });

test('the next action follows the state of the visit', () => {
  const cases: [VisitState, boolean, string | null][] = [
    ['dispatched', false, 'start_travel'], ['planned', false, 'start_travel'], ['travelling', false, 'arrive'], ['on_site', false, 'start'], ['on_site', true, 'complete'],
    ['done', false, null], ['failed', false, null], ['no_access', false, null], ['cancelled', false, null],
  ];
  for (const [state, started, want] of cases) assert.equal(nextAction(rows(today([[visit('1', state, { started }), 8]]), [], new Set())[0]!), want, `${state} ${started}`);
});

test('taps that are not sent yet count at once', () => {
  const day = today([[visit('1'), 8]]);
  assert.equal(rows(day, [entry('1', 'start_travel')], new Set())[0]!.state, 'travelling');
  assert.equal(nextAction(rows(day, [entry('1', 'start_travel'), entry('1', 'arrive'), entry('1', 'start')], new Set())[0]!), 'complete');
  assert.equal(rows(day, [entry('1', 'complete')], new Set())[0]!.closed, true);
});

test('what was sent and is taken back looks as before', () => {
  const day = today([[visit('1', 'travelling'), 8]]);
  const undo = { ...entry('1', 'undo'), shows: 'dispatched' as const };
  assert.equal(nextAction(rows(day, [undo], new Set())[0]!), 'start_travel');
  assert.equal(nextAction(rows(today([[visit('1', 'on_site', { started: true }), 8]]), [{ ...entry('1', 'undo'), shows: 'on_site' }], new Set())[0]!), 'start');
});

test('the big button is about what is under way, else the first open visit', () => {
  const all = rows(today([[visit('1', 'done'), 8], [visit('2'), 10], [visit('3', 'travelling'), 12]]), [], new Set());
  assert.equal(current(all)?.visit.id, '3');
  assert.equal(current(rows(today([[visit('1', 'done'), 8], [visit('2'), 10]]), [], new Set()))?.visit.id, '2');
  assert.equal(current(rows(today([[visit('1', 'done'), 8]]), [], new Set())), null);
});

test('a changed day is told visit by visit', () => {
  const seen = today([[visit('1'), 8], [visit('2'), 10], [visit('3'), 12]], 1);
  const fresh = today([[visit('1'), 8, 3], [visit('3'), 14], [visit('4'), 15]], 2);
  assert.deepEqual(changes(seen, fresh).map(change => [change.kind, change.visit_id]), [['moved', '3'], ['added', '4'], ['removed', '2']]);
});

test('the same version of the route is no change', () => {
  assert.deepEqual(changes(today([[visit('1'), 8]]), today([[visit('1'), 9]])), []);
  assert.deepEqual(changes(null, today([[visit('1'), 9]])), []);
});

test('navigation opens the exact point, latitude first', () => {
  assert.equal(navigateLink([9.5209, 47.141], 'Hotel', 'Android'), 'geo:47.141000,9.520900?q=47.141000,9.520900(Hotel)');
  assert.match(navigateLink([9.5209, 47.141], 'Hotel', 'iPhone'), /^maps:\/\/\?daddr=47\.141000,9\.520900/);
});
