import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Board, Plan, Resource, Stop, Visit } from '../../api/types';
import { de } from '../../i18n/de';
import { en } from '../../i18n/en';
import { setCatalog } from '../../i18n';
import { buildModel, compare, firstGap, lateness, misfit, reuse } from './model';
import { remedyWords, whyWords } from './reasons';
import { daySpan, hour, snap, ticks, timeAt, x } from './timeline';

setCatalog('en', en);

/** Spaces that do not break, as plain ones. */
const plain = (text: string | null) => text?.replaceAll('\u00a0', ' ');

const zone = 'Europe/Vaduz';
/** An instant by the clock of Vaduz in winter, on 23 November 2026. */
const at = (h: number, m = 0) => new Date(Date.UTC(2026, 10, 23, h - 1, m)).toISOString();
const ms = (h: number, m = 0) => Date.parse(at(h, m));

const person = (id: string, more: Partial<Resource> = {}): Resource => ({
  id, name: `Person ${id}`, initials: id, colour: 1, kind: 'technician', profile: 'car', skills: ['gas'], base: { label: 'Depot', point: [9.5, 47.1] },
  shifts: [{ id: 's' + id, start: at(8), end: at(17) }], absent: false, version: 1, ...more,
});
const visit = (id: string, more: Partial<Visit> = {}): Visit => ({
  id, number: id, kind: 'service', state: 'dispatched', title: `Visit ${id}`, priority: 30, duration_seconds: 3600, account: { id: 'a', name: 'Hotel' }, site: { id: 's', label: 'Landstrasse 1', point: [9.5, 47.1] }, pinned: false, version: 1, ...more,
});
const stop = (visitId: string, h: number, m = 0): Stop => ({ kind: 'visit', visit_id: visitId, arrive: at(h, m), start: at(h, m), leave: new Date(ms(h, m) + hour).toISOString(), leg_seconds: 600, leg_meters: 5000 });
const planned = (id: string, who: string, h: number, more: Partial<Visit> = {}) => visit(id, { resource_id: who, start: at(h), end: at(h + 1), ...more });

const board = (more: Partial<Board> = {}): Board => ({
  date: '2026-11-23', zone, resources: [person('A'), person('B')],
  routes: [{ id: 'ra', resource_id: 'A', state: 'published', stops: [stop('1', 9), stop('2', 11)], travel_seconds: 1200, travel_meters: 10_000, work_seconds: 7200, late_seconds: 0 }],
  visits: [planned('1', 'A', 9), planned('2', 'A', 11), visit('3', { state: 'proposed', priority: 80 }), visit('4', { state: 'proposed' })], ...more,
});
const plan = (more: Partial<Plan> = {}): Plan => ({
  id: 'p', date: '2026-11-23', days: 1, state: 'ready', seed: 1, created_at: at(7), unassigned: [{ visit_id: '4', reasons: [{ rule: 'skills', people: 2, skills: ['oil'] }] }],
  routes: [{ resource_id: 'A', date: '2026-11-23', stops: [stop('1', 9), stop('3', 11)], travel_seconds: 900, travel_meters: 8000 }, { resource_id: 'B', date: '2026-11-23', stops: [stop('2', 10)], travel_seconds: 300, travel_meters: 2000 }], ...more,
});

test('the board places what is published and lists the rest by priority', () => {
  const model = buildModel(board(), null);
  assert.deepEqual(model.lanes.map(lane => lane.bars.map(bar => bar.key)), [['1', '2'], []]);
  assert.deepEqual(model.left.map(one => one.visit.id), ['3', '4']);
  assert.deepEqual([model.served, model.total], [2, 4]);
  assert.deepEqual(model.lanes[0]!.bars.map(bar => bar.number), [1, 2]);
});

test('a proposal stands in place of the published routes and tells what differs', () => {
  const model = buildModel(board(), plan());
  assert.deepEqual(model.lanes.map(lane => lane.bars.map(bar => [bar.key, bar.change])), [[['1', null], ['3', 'added']], [['2', 'moved']]]);
  assert.deepEqual(model.left.map(one => [one.visit.id, one.why?.reasons?.[0]?.rule]), [['4', 'skills']]);
});

test('a visit moved by hand stands where it was put, not where its route had it', () => {
  const moved = board({ visits: [planned('1', 'B', 14), planned('2', 'A', 13)] });
  const model = buildModel(moved, null);
  assert.deepEqual(model.lanes.map(lane => lane.bars.map(bar => [bar.key, bar.start])), [[['2', ms(13)]], [['1', ms(14)]]]);
});

test('every visit is on the board or in the list, once', () => {
  for (const model of [buildModel(board(), null), buildModel(board(), plan())]) {
    const keys = [...model.lanes.flatMap(lane => lane.bars.map(bar => bar.key)), ...model.left.map(one => one.visit.id)];
    assert.deepEqual(keys.sort(), ['1', '2', '3', '4']);
  }
});

test('cancelled visits are shown nowhere', () => {
  const model = buildModel(board({ visits: [planned('1', 'A', 9, { state: 'cancelled' }), planned('2', 'A', 11)] }), null);
  assert.deepEqual([model.byVisit.has('1'), model.left.length], [false, 0]);
});

test('late is after the promise, else after the last window', () => {
  const windows = [{ start: at(8), end: at(9) }, { start: at(13), end: at(14) }];
  assert.equal(lateness(visit('1', { windows }), ms(14, 14)), 14);
  assert.equal(lateness(visit('1', { windows }), ms(13, 30)), 0);
  assert.equal(lateness(visit('1', { windows, promise: { start: at(10), end: at(11) } }), ms(11, 5)), 5);
  assert.equal(lateness(visit('1'), ms(23)), 0);
});

test('a lane says why a visit cannot stand there', () => {
  const [lane] = buildModel(board(), null).lanes;
  assert.deepEqual(misfit(visit('x', { skills: ['gas', 'oil'] }), lane!), { rule: 'skills', skill: 'oil' });
  assert.deepEqual(misfit(visit('x'), lane!, ms(16, 30)), { rule: 'shift' });
  assert.equal(misfit(visit('x', { windows: [{ start: at(9), end: at(10) }] }), lane!, ms(12))?.rule, 'window');
  assert.equal(misfit(visit('x'), lane!, ms(14)), null);
  assert.deepEqual(misfit(visit('x'), { ...lane!, resource: person('A', { absent: true }) }), { rule: 'absent' });
});

test('the first gap touches no other visit and lies in the window', () => {
  const [lane] = buildModel(board(), null).lanes;
  assert.equal(firstGap(visit('x', { duration_seconds: 1800 }), lane!), ms(8));
  assert.equal(firstGap(visit('x'), lane!), ms(12, 10));
  assert.equal(firstGap(visit('x', { windows: [{ start: at(14), end: at(15) }] }), lane!), ms(14));
  assert.equal(firstGap(visit('x', { duration_seconds: 20 * 3600 }), lane!), null);
});

test('the comparison counts visits and road per person', () => {
  assert.deepEqual(compare(board(), plan()).map(row => [row.resource.id, row.before.visits, row.after.visits, row.after.travelSeconds]), [['A', 2, 2, 900], ['B', 0, 1, 300]]);
});

test('reasons are said in the words of the trade, in both languages', () => {
  const skills = [{ code: 'gas', name: 'Gas certificate' }];
  const one = visit('x', { skills: ['gas'], windows: [{ start: at(8), end: at(9) }] });
  const why = { visit_id: 'x', reasons: [{ rule: 'room' as const, people: 2, by_seconds: 1500, resource_id: 'A' }, { rule: 'skills' as const, people: 6, skills: ['gas'] }] };
  assert.equal(plain(whyWords(why, one, skills, 8)), '6 people lack Gas certificate; 2 days are full, at best 25 min are missing');
  assert.equal(plain(remedyWords(why, one, [person('A')], skills)), '25 min more room in the day of Person A');
  assert.equal(plain(whyWords({ visit_id: 'x', reasons: [{ rule: 'skills', people: 8, skills: ['gas'] }] }, one, skills, 8)), 'Nobody on shift has Gas certificate (8 people checked)');
  assert.equal(plain(whyWords(null, one, skills, 8)), 'Not planned yet');
  setCatalog('de', de);
  assert.equal(plain(whyWords({ visit_id: 'x', reasons: [{ rule: 'window', people: 1, by_seconds: 840 }] }, one, skills, 8)), '1 Person kommt 14 min zu spät für das Fenster');
  setCatalog('en', en);
});

test('the time line turns instants into places and back', () => {
  const scale = { from: ms(7), to: ms(18), pxPerHour: 80 };
  assert.equal(x(scale, ms(8, 30)), 120);
  assert.equal(timeAt(scale, 120), ms(8, 30));
  assert.equal(snap(ms(8, 32), 5), ms(8, 30));
});

test('ticks stand at whole local hours, also in zones off by half an hour', () => {
  assert.deepEqual(ticks({ from: ms(7), to: ms(10), pxPerHour: 80 }, zone).map(tick => tick.hour), [7, 8, 9, 10]);
  const kolkata = ticks({ from: Date.parse('2026-11-23T02:30:00Z'), to: Date.parse('2026-11-23T05:30:00Z'), pxPerHour: 80 }, 'Asia/Kolkata');
  assert.deepEqual(kolkata.map(tick => tick.hour), [8, 9, 10, 11]);
});

test('the day on which the clock goes back shows its double hour', () => {
  const found = ticks({ from: Date.parse('2026-10-25T00:00:00Z'), to: Date.parse('2026-10-25T03:00:00Z'), pxPerHour: 80 }, zone);
  assert.deepEqual(found.map(tick => tick.hour), [2, 2, 3, 4]);
});

test('the board shows the shifts with room around them, and at least the office hours', () => {
  const span = daySpan('2026-11-23', zone, [[ms(6, 30), ms(19)]]);
  assert.deepEqual([span.from, span.to], [ms(6), ms(20)]);
  assert.deepEqual(daySpan('2026-11-23', zone, []), { from: ms(7), to: ms(18) });
  assert.ok(daySpan('2026-11-23', zone, [[NaN, Infinity]]).to <= ms(18));
});

test('what did not change is the same object, so that only what changed is drawn anew', () => {
  const before = buildModel(board(), null);
  const visits = board().visits!;
  const source = { ...board(), resources: before.lanes.map(lane => lane.resource) };
  const first = buildModel({ ...source, visits }, null);
  const unchanged = reuse(first, buildModel({ ...source, visits }, null));
  assert.equal(unchanged.lanes[0], first.lanes[0]);
  const moved = reuse(first, buildModel({ ...source, visits: visits.map(one => one.id === '2' ? planned('2', 'B', 11) : one) }, null));
  assert.notEqual(moved.lanes[0], first.lanes[0]);
  assert.equal(moved.lanes[0]!.bars[0], first.lanes[0]!.bars[0]);
  assert.deepEqual(moved.lanes[1]!.bars.map(bar => bar.key), ['2']);
  assert.equal(moved.byVisit.get('2')!.lane, moved.lanes[1]);
});

test('a visit put where another still goes on is told as an overlap', () => {
  const model = buildModel(board({ visits: [planned('1', 'A', 9), visit('2', { resource_id: 'A', start: at(9, 30), end: at(10, 30) })] }), null);
  assert.deepEqual(model.lanes[0]!.bars.map(bar => [bar.key, bar.clash]), [['1', false], ['2', true]]);
  assert.equal(model.clashes, 1);
  assert.equal(buildModel(board(), null).clashes, 0);
});
