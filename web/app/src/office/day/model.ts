// The board as data: lanes with bars, from what is published or from a proposal; who fits where and why not; what is left over.
import type { Board, Plan, Resource, Skill, Stop, Unassigned, Visit } from '../../api/types';
import { minute } from './timeline';

export interface Bar {
  key: string; kind: 'visit' | 'break'; visit: Visit | null; start: number; end: number; arrive: number;
  /** Milliseconds and metres of road before it. */
  travel: number; meters: number;
  /** Minutes by which it starts after its window or promise ends. */
  late: number;
  /** Begins before what stands before it has ended. */
  clash: boolean;
  /** The place in the route, from one. */
  number: number;
  /** In a proposal: differs from what is published. */
  change: 'added' | 'moved' | null;
}
export interface Lane {
  resource: Resource; bars: Bar[]; shifts: [number, number][];
  travelSeconds: number; travelMeters: number; workSeconds: number; late: number; visits: number;
  /** Work and travel as a share of the shift, 0 to 1 and more. */
  busy: number;
  /** The way home after the last stop, in milliseconds. */
  home: { from: number; travel: number; meters: number } | null;
  routeId: string | null;
}
export interface Left { visit: Visit; why: Unassigned | null }
export interface Model {
  lanes: Lane[]; left: Left[]; byVisit: Map<string, { lane: Lane; bar: Bar }>;
  served: number; total: number; late: number; clashes: number; travelSeconds: number; travelMeters: number; workSeconds: number;
}

const closed = new Set(['done', 'failed', 'no_access', 'cancelled']);
export const isClosed = (visit: Visit) => closed.has(visit.state);
const ms = (at: string) => Date.parse(at);

/** Minutes by which a start is late: after the promise, else after the last window it could have used. */
export function lateness(visit: Visit, start: number): number {
  const end = visit.promise ? ms(visit.promise.end) : Math.max(-Infinity, ...(visit.windows ?? []).map(window => ms(window.end)));
  return Number.isFinite(end) && start > end ? Math.ceil((start - end) / minute) : 0;
}

/** Builds the board. With a proposal its routes are shown in place of the published ones; reasonsOf is the plan that says why what is left has no place. */
export function buildModel(board: Board, proposal: Plan | null, reasonsOf: Plan | null = null): Model {
  const visits = new Map((board.visits ?? []).map(visit => [visit.id, visit]));
  const routes = new Map<string, { id: string | null; stops: Stop[]; travel_seconds: number; travel_meters: number }>();
  for (const route of board.routes ?? []) {
    for (const stop of route.stops ?? []) if (stop.visit && !visits.has(stop.visit.id)) visits.set(stop.visit.id, stop.visit);
    if (!proposal) routes.set(route.resource_id, { ...route, stops: route.stops ?? [] });
  }
  for (const route of proposal?.routes ?? []) if (route.date === board.date) routes.set(route.resource_id, { id: null, ...route, stops: route.stops ?? [] });

  const placed = new Set<string>();
  const lanes = board.resources.map(resource => {
    const route = routes.get(resource.id);
    const bars: Bar[] = [];
    let home: Lane['home'] = null;
    for (const [i, stop] of (route?.stops ?? []).entries()) {
      if (stop.kind === 'break') {
        bars.push({ key: `break-${i}`, kind: 'break', visit: null, start: ms(stop.start), end: ms(stop.leave), arrive: ms(stop.arrive), travel: stop.leg_seconds * 1000, meters: stop.leg_meters, late: 0, clash: false, number: 0, change: null });
      } else if (stop.kind === 'end') {
        home = { from: ms(stop.arrive) - stop.leg_seconds * 1000, travel: stop.leg_seconds * 1000, meters: stop.leg_meters };
      } else if (stop.kind === 'visit') {
        const visit = visits.get(stop.visit_id ?? stop.visit?.id ?? '') ?? stop.visit;
        if (!visit || placed.has(visit.id) || visit.state === 'cancelled') continue;
        if (!proposal && visit.resource_id !== undefined && visit.resource_id !== resource.id) continue; // moved by hand since
        const movedByHand = !proposal && !!visit.start && Math.abs(ms(visit.start) - ms(stop.start)) > minute;
        const start = movedByHand ? ms(visit.start!) : ms(stop.start);
        const end = movedByHand ? start + visit.duration_seconds * 1000 : ms(stop.leave);
        placed.add(visit.id);
        bars.push({
          key: visit.id, kind: 'visit', visit, start, end, arrive: movedByHand ? start : ms(stop.arrive), travel: movedByHand ? 0 : stop.leg_seconds * 1000, meters: movedByHand ? 0 : stop.leg_meters,
          late: lateness(visit, start), clash: false, number: 0, change: proposal ? difference(visit, resource.id, start) : null,
        });
      }
    }
    if (!proposal || isStatic(resource, routes)) {
      for (const visit of visits.values()) {
        if (placed.has(visit.id) || visit.resource_id !== resource.id || !visit.start || visit.state === 'cancelled') continue;
        placed.add(visit.id);
        const start = ms(visit.start);
        bars.push({ key: visit.id, kind: 'visit', visit, start, end: visit.end ? ms(visit.end) : start + visit.duration_seconds * 1000, arrive: visit.arrive ? ms(visit.arrive) : start, travel: (visit.travel_seconds ?? 0) * 1000, meters: visit.travel_meters ?? 0, late: lateness(visit, start), clash: false, number: 0, change: null });
      }
    }
    bars.sort((a, b) => a.start - b.start);
    let number = 0;
    let busyUntil = -Infinity;
    for (const bar of bars) {
      if (bar.kind === 'visit') bar.number = ++number;
      bar.clash = bar.kind === 'visit' && bar.start < busyUntil - minute;
      busyUntil = Math.max(busyUntil, bar.end);
    }
    const shifts = (resource.shifts ?? []).map(shift => [ms(shift.start), ms(shift.end)] as [number, number]);
    const workSeconds = bars.reduce((sum, bar) => sum + (bar.kind === 'visit' ? (bar.end - bar.start) / 1000 : 0), 0);
    const travelSeconds = route?.travel_seconds ?? bars.reduce((sum, bar) => sum + bar.travel / 1000, 0);
    const shiftSeconds = shifts.reduce((sum, [from, to]) => sum + (to - from) / 1000, 0);
    return {
      resource, bars, shifts, home, workSeconds, travelSeconds, travelMeters: route?.travel_meters ?? 0, visits: number, late: bars.filter(bar => bar.late > 0).length,
      busy: shiftSeconds > 0 ? (workSeconds + travelSeconds) / shiftSeconds : 0, routeId: route?.id ?? null,
    } satisfies Lane;
  });

  const why = new Map((proposal ?? reasonsOf)?.unassigned?.map(one => [one.visit_id, one]) ?? []);
  const left = [...visits.values()].filter(visit => !placed.has(visit.id) && !isClosed(visit)).map(visit => ({ visit, why: why.get(visit.id) ?? null }));
  left.sort((a, b) => b.visit.priority - a.visit.priority || a.visit.title.localeCompare(b.visit.title));
  const byVisit = index(lanes);
  const sum = (of: (lane: Lane) => number) => lanes.reduce((all, lane) => all + of(lane), 0);
  return { lanes, left, byVisit, served: byVisit.size, total: byVisit.size + left.length, late: sum(lane => lane.late), clashes: sum(lane => lane.bars.filter(bar => bar.clash).length), travelSeconds: sum(lane => lane.travelSeconds), travelMeters: sum(lane => lane.travelMeters), workSeconds: sum(lane => lane.workSeconds) };
}

/** The model with the lanes and bars of the one before where nothing changed in them, so that only what changed is drawn anew. */
export function reuse(before: Model | null, now: Model): Model {
  if (!before) return now;
  const old = new Map(before.lanes.map(lane => [lane.resource.id, lane]));
  const lanes = now.lanes.map(lane => {
    const was = old.get(lane.resource.id);
    if (!was) return lane;
    const bars = lane.bars.map((bar, i) => was.bars[i] && same(was.bars[i], bar) ? was.bars[i] : bar);
    const unchanged = bars.length === was.bars.length && bars.every((bar, i) => bar === was.bars[i]) && was.resource === lane.resource && was.routeId === lane.routeId
      && was.travelSeconds === lane.travelSeconds && was.travelMeters === lane.travelMeters && was.home?.from === lane.home?.from;
    return unchanged ? was : { ...lane, bars };
  });
  return { ...now, lanes, byVisit: index(lanes) };
}

const same = (a: Bar, b: Bar) => a.key === b.key && a.visit === b.visit && a.start === b.start && a.end === b.end && a.arrive === b.arrive && a.travel === b.travel && a.number === b.number && a.clash === b.clash && a.change === b.change;
const index = (lanes: readonly Lane[]) => new Map(lanes.flatMap(lane => lane.bars.flatMap(bar => bar.visit ? [[bar.visit.id, { lane, bar }] as const] : [])));

/** A resource that the proposal leaves out keeps what it has. */
const isStatic = (resource: Resource, routes: Map<string, unknown>) => !routes.has(resource.id);

function difference(visit: Visit, resourceId: string, start: number): Bar['change'] {
  if (!visit.resource_id || !visit.start) return 'added';
  return visit.resource_id !== resourceId || Math.abs(ms(visit.start) - start) >= 5 * minute ? 'moved' : null;
}

export type Misfit = { rule: 'absent' } | { rule: 'skills'; skill: string } | { rule: 'shift' } | { rule: 'window'; start: string; end: string };

/** Why a visit cannot stand in a lane at a time, or null when it can. Without a time only the person is looked at. */
export function misfit(visit: Visit, lane: Lane, start?: number): Misfit | null {
  if (lane.resource.absent || lane.shifts.length === 0) return { rule: 'absent' };
  const missing = (visit.skills ?? []).find(skill => !(lane.resource.skills ?? []).includes(skill));
  if (missing) return { rule: 'skills', skill: missing };
  if (start === undefined) return null;
  const end = start + visit.duration_seconds * 1000;
  if (!lane.shifts.some(([from, to]) => start >= from && end <= to)) return { rule: 'shift' };
  const windows = visit.windows ?? [];
  if (windows.length > 0 && !windows.some(window => start >= ms(window.start) && start <= ms(window.end))) return { rule: 'window', start: windows[0]!.start, end: windows[0]!.end };
  return null;
}

/** The first time from `after` on at which a visit can stand in a lane without touching another bar; falls back to the end of the last bar. */
export function firstGap(visit: Visit, lane: Lane, after = 0): number | null {
  const need = visit.duration_seconds * 1000;
  const [shift] = lane.shifts;
  if (!shift) return null;
  const bars = lane.bars.filter(bar => bar.visit?.id !== visit.id);
  const candidates = [shift[0], ...(visit.windows ?? []).map(window => ms(window.start)), ...bars.map(bar => bar.end + 10 * minute)].map(at => Math.ceil(Math.max(at, after) / (5 * minute)) * 5 * minute).sort((a, b) => a - b);
  for (const at of candidates) {
    if (misfit(visit, lane, at)) continue;
    if (bars.every(bar => at + need <= bar.start - bar.travel || at >= bar.end)) return at;
  }
  return null;
}

/** How the routes of a proposal compare with the published ones, per person, in the order of the board. */
export interface Compared { resource: Resource; before: { visits: number; travelSeconds: number }; after: { visits: number; travelSeconds: number } }
export function compare(board: Board, proposal: Plan): Compared[] {
  const before = buildModel({ ...board, plan: null }, null), after = buildModel(board, proposal);
  return after.lanes.map((lane, i) => ({
    resource: lane.resource,
    before: { visits: before.lanes[i]!.visits, travelSeconds: before.lanes[i]!.travelSeconds },
    after: { visits: lane.visits, travelSeconds: lane.travelSeconds },
  })).filter(row => row.before.visits > 0 || row.after.visits > 0);
}

export const skillName = (skills: readonly Skill[] | undefined, code: string) => {
  const skill = skills?.find(one => one.code === code);
  return skill?.title ?? skill?.name ?? code.replaceAll('_', ' ');
};
