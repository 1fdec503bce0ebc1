// The technician's day as pure functions: what the visits look like with the taps that are still on the phone, which action comes
// next, and what changed between two copies of the day.
import type { CommandKind, Stop, Today, Visit, VisitState } from '../api/types';
import type { Entry } from './outbox';

/** What a tap does to a visit, before the server says so. */
const becomes: Partial<Record<CommandKind, VisitState>> = {
  start_travel: 'travelling', arrive: 'on_site', start: 'on_site', complete: 'done', cannot_complete: 'failed', no_access: 'no_access',
};

export type Action = 'start_travel' | 'arrive' | 'start' | 'complete';

/** A visit in the day's order, as the phone shows it. */
export interface Row { stop: Stop; visit: Visit; number: number; state: VisitState; working: boolean; closed: boolean; unsent: boolean; arrive: string; leave: string }

const closedStates: readonly VisitState[] = ['done', 'failed', 'no_access', 'cancelled'];

export function rows(today: Today, outbox: readonly Entry[], working: ReadonlySet<string>): Row[] {
  let number = 0;
  const found: Row[] = [];
  for (const stop of today.stops ?? []) {
    if (stop.kind !== 'visit' || !stop.visit) continue;
    const visit = stop.visit;
    let state = visit.state;
    let started = visit.started || working.has(visit.id);
    let unsent = false;
    for (const entry of outbox) {
      if (entry.visit_id !== visit.id) continue;
      unsent = true;
      state = entry.shows ?? becomes[entry.kind] ?? state;
      if (entry.kind === 'start') started = true;
      else if (entry.kind === 'undo') started = working.has(visit.id);
    }
    found.push({ stop, visit, number: ++number, state, working: state === 'on_site' && started, closed: closedStates.includes(state), unsent, arrive: stop.arrive, leave: stop.leave });
  }
  return found;
}

/** The action that follows for a visit, or null when it is closed. */
export function nextAction(row: Row): Action | null {
  if (row.closed) return null;
  if (row.state === 'travelling') return 'arrive';
  if (row.state === 'on_site') return row.working ? 'complete' : 'start';
  return 'start_travel';
}

/** The visit the big button is about: what is under way, else the first open one. */
export function current(all: readonly Row[]): Row | null {
  return all.find(row => row.state === 'travelling' || row.state === 'on_site') ?? all.find(row => !row.closed) ?? null;
}

export interface Change { kind: 'added' | 'removed' | 'moved'; visit_id: string; title: string; at?: string }

/** What differs for the technician between the copy he has seen and a newer one. Times count from five minutes on. */
export function changes(seen: Today | null, fresh: Today): Change[] {
  if (!seen || seen.date !== fresh.date || !seen.route || !fresh.route || seen.route.version === fresh.route.version && seen.route.id === fresh.route.id) return [];
  const before = new Map(visits(seen).map(stop => [stop.visit!.id, stop]));
  const after = new Map(visits(fresh).map(stop => [stop.visit!.id, stop]));
  const all: Change[] = [];
  for (const [id, stop] of after) {
    const old = before.get(id);
    if (!old) all.push({ kind: 'added', visit_id: id, title: stop.visit!.title, at: stop.arrive });
    else if (Math.abs(Date.parse(old.arrive) - Date.parse(stop.arrive)) >= 5 * 60_000) all.push({ kind: 'moved', visit_id: id, title: stop.visit!.title, at: stop.arrive });
  }
  for (const [id, stop] of before) if (!after.has(id) && !closedStates.includes(stop.visit!.state)) all.push({ kind: 'removed', visit_id: id, title: stop.visit!.title });
  return all;
}

const visits = (today: Today) => (today.stops ?? []).filter(stop => stop.kind === 'visit' && stop.visit);

/** The address that opens the phone's own map app at the very point. */
export function navigateLink(point: [number, number], label: string, agent: string): string {
  const [lon, lat] = point;
  const at = `${lat.toFixed(6)},${lon.toFixed(6)}`;
  if (/iPhone|iPad|Macintosh/.test(agent)) return `maps://?daddr=${at}&q=${encodeURIComponent(label)}`;
  return `geo:${at}?q=${at}(${encodeURIComponent(label)})`;
}
