// Times, dates, durations and lengths as people say them. A zone is always given: the planning day is local to its base.
import { language, number, t } from './index';

const formats = new Map<string, Intl.DateTimeFormat>();
function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language() + zone + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) formats.set(key, found = new Intl.DateTimeFormat(language() === 'de' ? 'de' : 'en-GB', { timeZone: zone, ...options }));
  return found;
}

/** "14:20" in the zone. */
export const clock = (at: string | number, zone: string) => format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at));

/** "14:20 – 16:00". */
export const span = (from: string | number, to: string | number, zone: string) => `${clock(from, zone)} – ${clock(to, zone)}`;

/** "Monday, 23 November"; noon keeps the date the same in every zone of display. */
export const longDay = (day: string) => format('UTC', { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(day + 'T12:00:00Z'));
export const shortDay = (day: string) => format('UTC', { weekday: 'short', day: 'numeric', month: 'short' }).format(new Date(day + 'T12:00:00Z'));

/** "Mon 23 Nov, 14:20", with the year when it is another. */
export const moment = (at: string, zone: string) => format(zone, { weekday: 'short', day: 'numeric', month: 'short', ...(dayOf(at, zone).slice(0, 4) === dayOf(Date.now(), zone).slice(0, 4) ? {} : { year: 'numeric' as const }), hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at));

/** The local day of an instant, as YYYY-MM-DD. */
export const dayOf = (at: string | number | Date, zone: string) => new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(at));

/** The day n days later (or earlier). */
export function addDays(day: string, n: number): string {
  const at = new Date(day + 'T12:00:00Z');
  at.setUTCDate(at.getUTCDate() + n);
  return at.toISOString().slice(0, 10);
}

/** "25 min", "1 h 20", with spaces that do not break. Rounded to whole minutes; a second of work is a minute, not nothing. */
export function duration(seconds: number): string {
  const minutes = seconds > 0 ? Math.max(1, Math.round(seconds / 60)) : 0;
  if (minutes < 60) return t('unit.minutes', { n: minutes });
  const rest = minutes % 60;
  return rest === 0 ? t('unit.hours', { n: Math.floor(minutes / 60) }) : t('unit.hoursMinutes', { h: Math.floor(minutes / 60), m: String(rest).padStart(2, '0') });
}

/** "38 h" for sums, where minutes are noise. */
export const hours = (seconds: number) => seconds < 36000 ? duration(seconds) : t('unit.hours', { n: Math.round(seconds / 3600) });

/** "450 m", "3.4 km", "128 km". */
export function distance(meters: number): string {
  if (meters < 950) return `${number(Math.round(meters / 50) * 50)}\u00a0m`;
  return meters < 9950 ? `${number(meters / 1000, 1)}\u00a0km` : `${number(Math.round(meters / 1000))}\u00a0km`;
}

/** "just now", "12 min ago", "3 h ago", "Mon 23 Nov, 14:20" within a week, then "11 Sep", with the year when it is another. */
export function ago(at: string, zone: string, now = Date.now()): string {
  const seconds = (now - Date.parse(at)) / 1000;
  if (seconds < 60) return t('time.now');
  if (seconds < 3600) return t('time.minutesAgo', { n: Math.floor(seconds / 60) });
  if (seconds < 12 * 3600) return t('time.hoursAgo', { n: Math.floor(seconds / 3600) });
  if (seconds < 7 * 86_400) return moment(at, zone);
  const sameYear = dayOf(at, zone).slice(0, 4) === dayOf(now, zone).slice(0, 4);
  return format(zone, { day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }) }).format(new Date(at));
}

/** Milliseconds of the wall time `hour:minute` on a day in a zone. Where the clock skips or repeats an hour, the first fitting instant. */
export function wallTime(day: string, hour: number, minute: number, zone: string): number {
  const wanted = Date.parse(`${day}T00:00:00Z`) + (hour * 60 + minute) * 60000;
  let at = wanted;
  for (let i = 0; i < 2; i++) at = wanted - offset(at, zone);
  return at;
}

const offsetFormats = new Map<string, Intl.DateTimeFormat>();
function offset(at: number, zone: string): number {
  let found = offsetFormats.get(zone);
  if (!found) offsetFormats.set(zone, found = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }));
  const part: Record<string, number> = {};
  for (const { type, value } of found.formatToParts(new Date(at))) part[type] = Number(value);
  return Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!) - Math.floor(at / 1000) * 1000;
}
