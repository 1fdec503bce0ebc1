// The phone's state: who is logged in, the day, the outbox, and what happened while sending. One store, read by all its screens.
import { useSyncExternalStore } from 'react';
import { call, get, mayBeSignedIn, post, Problem } from '../api/client';
import type { Command, CommandKind, Me, Point, Today, Verdict, Visit, VisitState } from '../api/types';
import { t } from '../i18n';
import { addDays, dayOf } from '../i18n/format';
import { boundsOf, tilesAlong } from '../map/data';
import { toast } from '../ui/toast';
import { changes, rows, type Change } from './day';
import { keepDay, keepMe, keepWorking, keptDay, keptMe, keptWorking, outboxStore, wipe } from './kept';
import { Outbox, type Entry } from './outbox';
import { sendPhotos } from './photos';

export interface State {
  session: 'unknown' | 'in' | 'out';
  me: Me | null;
  date: string;
  today: Today | null;
  /** When the copy shown was fetched, in milliseconds; null when it is fresh. */
  copyFrom: number | null;
  loading: boolean;
  problem: unknown;
  outbox: Entry[];
  working: ReadonlySet<string>;
  online: boolean;
  sending: boolean;
  changes: Change[];
  messages: string[];
  update: ServiceWorker | null;
}

let state: State = {
  session: 'unknown', me: null, date: '', today: null, copyFrom: null, loading: true, problem: null, outbox: [], working: new Set(),
  online: navigator.onLine, sending: false, changes: [], messages: [], update: null,
};
const listeners = new Set<() => void>();
function set(part: Partial<State>) {
  state = { ...state, ...part };
  listeners.forEach(listener => listener());
}
const subscribe = (listener: () => void) => { listeners.add(listener); return () => { listeners.delete(listener); }; };
export const useTech = () => useSyncExternalStore(subscribe, () => state);
export const tech = () => state;

const outbox = new Outbox(outboxStore, {
  hello: device => post('/devices', device),
  sync: async (device, commands: Command[]) => (await call<{ verdicts: Verdict[] }>('POST', '/sync', { body: { device_id: device, commands } })).verdicts,
});
/** A tap waits this long before it is sent, so that a slip costs nothing; later it is taken back by an undo command. */
const slipMs = 1500;
let timer = 0;
/** The copy the technician has seen: what is new is told against it until he says so. */
let seen: Today | null = null;

/** Finds out who is logged in: from the server, else from what is kept. */
export async function start(): Promise<void> {
  set({ outbox: await outbox.waiting(), working: await keptWorking() });
  if (!mayBeSignedIn()) { set({ session: 'out', loading: false }); return; }
  try {
    await enter(await get<Me>('/me'));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) { set({ session: 'out', loading: false }); return; }
    const me = await keptMe();
    if (me) { set({ online: false }); await enter(me); } else set({ session: 'out', loading: false });
  }
}

export async function enter(me: Me): Promise<void> {
  await keepMe(me);
  const asked = new URLSearchParams(location.search).get('date');
  const date = asked && /^\d{4}-\d\d-\d\d$/.test(asked) ? asked : dayOf(Date.now(), me.organisation.zone);
  set({ session: 'in', me, date });
  await load(!asked);
  void send();
  void sendPhotos();
}

/** Shows another day. */
export async function go(days: number): Promise<void> {
  set({ date: addDays(state.date, days), today: null, copyFrom: null, changes: [] });
  seen = null;
  await load(false);
}

/** Loads the day: the kept copy at once, the server's as soon as it answers. An empty today gives way to the next working day. */
export async function load(mayMoveOn = false): Promise<void> {
  const date = state.date;
  if (!state.me?.resource_id) { set({ loading: false }); return; }
  const kept = await keptDay(date).catch(() => undefined);
  seen = kept?.seen ?? kept?.today ?? null;
  if (kept && !state.today && date === state.date) set({ today: kept.today, copyFrom: kept.at });
  set({ loading: !state.today, problem: null });
  try {
    const fresh = await call<Today>('GET', '/today', { query: { date }, signal: AbortSignal.timeout(8000) });
    if (date !== state.date) return;
    if (mayMoveOn && !fresh.route && !(fresh.stops?.length) && state.me.day > date) {
      set({ date: state.me.day, today: null });
      return load();
    }
    const found = changes(seen, fresh);
    await keepDay(fresh, found.length > 0 ? seen : fresh);
    if (found.length === 0) seen = fresh;
    set({ today: fresh, copyFrom: null, loading: false, online: true, changes: found });
    void prepare(fresh);
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) { set({ session: 'out', loading: false }); return; }
    if (date !== state.date) return;
    const lost = !(problem instanceof Problem) || problem.offline;
    if (mayMoveOn && !kept && lost && state.me.day > date && await keptDay(state.me.day)) { set({ date: state.me.day }); return load(); }
    set({ loading: false, problem: state.today && lost ? null : problem, online: lost ? false : state.online, copyFrom: kept?.at ?? state.copyFrom });
  }
}

/** Says that the changes were seen: to the office, and to the next comparison. */
export async function acknowledge(): Promise<void> {
  const today = state.today;
  if (!today) return;
  const known = new Map((today.stops ?? []).flatMap(stop => stop.visit ? [[stop.visit.id, stop.visit] as const] : []));
  for (const change of state.changes) {
    const visit = known.get(change.visit_id);
    if (visit) await outbox.add('acknowledge', visit, {});
  }
  seen = today;
  await keepDay(today, today);
  set({ changes: [], outbox: await outbox.waiting() });
  void send();
}

/** One tap. It counts at once, is sent a moment later, and can be taken back for ten seconds, sent or not. */
export async function tap(kind: CommandKind, visit: Visit, payload: Record<string, unknown>, said: string): Promise<void> {
  const before = state.today ? rows(state.today, state.outbox, state.working).find(row => row.visit.id === visit.id)?.state : undefined;
  const entry = await outbox.add(kind, visit, payload, slipMs);
  if (kind === 'start') await remember(visit.id, true);
  set({ outbox: await outbox.waiting() });
  toast(said, { undo: () => void takeBack(entry, visit, before) });
  clearTimeout(timer);
  timer = window.setTimeout(() => void send(), slipMs + 50);
}

async function takeBack(entry: Entry, visit: Visit, before: VisitState | undefined) {
  if (entry.kind === 'start') await remember(entry.visit_id, false);
  if (!await outbox.undo(entry.id)) {
    await outbox.add('undo', visit, { command: entry.id }, 0, before);
    void send();
  }
  set({ outbox: await outbox.waiting() });
}

async function remember(id: string, started: boolean) {
  const working = new Set(state.working);
  if (started) working.add(id); else working.delete(id);
  set({ working });
  await keepWorking(working);
}

/** Sends what waits. */
export async function send(everything = false): Promise<void> {
  if (state.session !== 'in' || (await outbox.waiting()).length === 0) { set({ outbox: await outbox.waiting() }); return; }
  set({ sending: true });
  const result = await navigator.locks.request('catchment-outbox', () => outbox.send(everything));
  const waiting = await outbox.waiting();
  const messages = [...state.messages];
  for (const verdict of result.sent) {
    const title = verdict.visit?.title ?? titleOf(verdict.id);
    if (verdict.verdict === 'conflict') messages.push(t('tech.conflict', { title }));
    if (verdict.verdict === 'refused') messages.push(t('tech.refused', { title, reason: verdict.message || verdict.reason || '' }));
  }
  const lost = result.error instanceof Problem ? result.error.offline : false;
  if (result.error instanceof Problem && result.error.status === 401) set({ session: 'out' });
  set({ sending: false, outbox: waiting, messages, today: withVisits(state.today, result.sent), online: lost ? false : result.sent.length > 0 || state.online });
  clearTimeout(timer);
  const held = waiting.find(entry => entry.seq === undefined && entry.holdUntil > Date.now());
  if (waiting.length > 0) timer = window.setTimeout(() => void send(), result.error ? 15_000 : held ? held.holdUntil - Date.now() + 50 : 1000);
  if (result.sent.length > 0) void load();
}

const titleOf = (id: string) => state.outbox.find(entry => entry.id === id)?.title ?? '';

/** The day with what the verdicts tell about its visits, so that nothing jumps back before the day is loaded anew. */
function withVisits(today: Today | null, verdicts: Verdict[]): Today | null {
  if (!today) return today;
  const fresh = new Map(verdicts.flatMap(verdict => verdict.visit ? [[verdict.visit.id, verdict.visit] as const] : []));
  if (fresh.size === 0) return today;
  return { ...today, stops: (today.stops ?? []).map(stop => stop.visit && fresh.has(stop.visit.id) ? { ...stop, visit: fresh.get(stop.visit.id)! } : stop) };
}

export const dropMessage = (index: number) => set({ messages: state.messages.filter((_, i) => i !== index) });

export async function logout(): Promise<void> {
  await post('/logout').catch(() => undefined);
  await wipe();
  seen = null;
  set({ session: 'out', me: null, today: null, outbox: [], changes: [], messages: [], working: new Set() });
}

/** Brings the map along the route onto the phone, while there is a connection. */
async function prepare(today: Today): Promise<void> {
  const worker = navigator.serviceWorker?.controller;
  const line = today.shape?.coordinates ?? (today.stops ?? []).flatMap(stop => stop.visit ? [stop.visit.site.point] : []);
  if (!worker || !boundsOf(line)) return;
  const urls = tilesAlong(line, 10, 14, 300).map(([z, x, y]) => `/tiles/basemap/${z}/${x}/${y}.mvt`);
  worker.postMessage({ kind: 'prefetch', urls });
}

/** Registers the service worker and tells when a newer version waits. */
export async function register(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.register('/sw.js', { scope: '/tech' });
  const offer = () => { if (registration.waiting && navigator.serviceWorker.controller) set({ update: registration.waiting }); };
  offer();
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', offer));
  void navigator.storage?.persist?.();
}

export function restart(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  state.update?.postMessage({ kind: 'restart' });
}

addEventListener('online', () => { set({ online: true }); void load(); void send(); void sendPhotos(); });
addEventListener('offline', () => set({ online: false }));
document.addEventListener('visibilitychange', () => {
  if (document.hidden) void send(true); // the app may not come back: what was tapped goes now
  else if (state.session === 'in') { void load(); void send(); }
});

/** Where the phone is; where it does not tell, the place given. */
export function here(otherwise: Point | undefined): Promise<{ point: Point; device: boolean } | null> {
  const rest = otherwise ? { point: otherwise, device: false } : null;
  return new Promise(resolve => {
    if (!('geolocation' in navigator)) { resolve(rest); return; }
    navigator.geolocation.getCurrentPosition(found => resolve({ point: [found.coords.longitude, found.coords.latitude], device: true }), () => resolve(rest), { enableHighAccuracy: true, timeout: 6000, maximumAge: 60_000 });
  });
}
