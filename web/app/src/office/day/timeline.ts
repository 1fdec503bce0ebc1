// Mathematics of the time line: instants to pixels and back, ticks, the span of a day. Milliseconds since the epoch throughout; local
// hours are found through the zone, so that days on which the clock changes come out right.
import { dayOf, wallTime } from '../../i18n/format';

export interface Scale { from: number; to: number; pxPerHour: number }

export const hour = 3_600_000;
export const minute = 60_000;

export const x = (scale: Scale, at: number) => (at - scale.from) / hour * scale.pxPerHour;
export const width = (scale: Scale, ms: number) => ms / hour * scale.pxPerHour;
export const timeAt = (scale: Scale, px: number) => scale.from + px / scale.pxPerHour * hour;
export const total = (scale: Scale) => width(scale, scale.to - scale.from);

/** Rounds to a step of minutes. */
export const snap = (at: number, minutes: number) => Math.round(at / (minutes * minute)) * minutes * minute;

export interface Tick { at: number; hour: number; major: boolean }

/** Ticks at whole local hours, and between them when there is room. */
export function ticks(scale: Scale, zone: string): Tick[] {
  const found: Tick[] = [];
  const every = scale.pxPerHour >= 44 ? 1 : scale.pxPerHour >= 24 ? 2 : 3;
  const halves = scale.pxPerHour >= 110;
  for (let at = Math.ceil(scale.from / (hour / 2)) * (hour / 2); at <= scale.to; at += hour / 2) {
    const parts = localTime(at, zone);
    if (parts.minute === 0) found.push({ at, hour: parts.hour, major: parts.hour % every === 0 });
    else if (halves && parts.minute === 30) found.push({ at, hour: parts.hour, major: false });
  }
  return found;
}

const formats = new Map<string, Intl.DateTimeFormat>();
export function localTime(at: number, zone: string): { hour: number; minute: number } {
  let format = formats.get(zone);
  if (!format) formats.set(zone, format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }));
  const [h, m] = format.format(new Date(at)).split(':');
  return { hour: Number(h), minute: Number(m) };
}

/** The hours that a day's board shows: its shifts and stops with an hour to spare, at least eight to seventeen, in whole hours. */
export function daySpan(day: string, zone: string, spans: Iterable<readonly [number, number]>): { from: number; to: number } {
  let from = wallTime(day, 8, 0, zone), to = wallTime(day, 17, 0, zone);
  for (const [start, end] of spans) {
    if (Number.isFinite(start)) from = Math.min(from, start);
    if (Number.isFinite(end)) to = Math.max(to, end);
  }
  const midnight = wallTime(day, 0, 0, zone);
  const latest = wallTime(day, 0, 0, zone) + 36 * hour;
  return { from: Math.max(midnight, Math.floor((from - hour / 2) / hour) * hour), to: Math.min(latest, Math.ceil((to + hour / 2) / hour) * hour) };
}

/** Whether an instant lies on the day, in the zone. */
export const onDay = (at: number, day: string, zone: string) => dayOf(at, zone) === day;
