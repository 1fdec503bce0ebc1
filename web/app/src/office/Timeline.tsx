// What happened, newest first: who did what, when, and what it changed.
import type { TimelineEvent } from '../api/types';
import { say, t } from '../i18n';
import { ago, moment } from '../i18n/format';

/** Fields that say nothing to people. */
const hidden = new Set(['version', 'cell', 'no', 'id', 'owner_id', 'team_id', 'account_id', 'site_id', 'resource_id', 'point', 'confidence', 'candidates', 'travel_seconds', 'travel_meters', 'arrive_at', 'day', 'zone', 'window_starts', 'window_ends', 'command', 'route_id', 'number', 'started']);

export function Timeline({ events, zone, entities }: { events: readonly TimelineEvent[]; zone: string; entities?: boolean }) {
  if (events.length === 0) return <p className="quiet">{t('account.noTimeline')}</p>;
  const latest = [...events].sort((a, b) => b.at.localeCompare(a.at) || b.seq - a.seq);
  return <ol className="timeline">{latest.map(event => <li key={event.seq}>
    <time dateTime={event.at} title={moment(event.at, zone)}>{ago(event.at, zone)}</time>
    <p><b>{event.actor?.name || t('event.system')}</b> · {entities && `${say(`entity.${event.entity_kind}`, event.entity_kind)} `}{say(`verb.${event.verb}`, event.verb.replaceAll('_', ' '))}</p>
    {changed(event, zone).map(line => <p key={line} className="quiet">{line}</p>)}
  </li>)}</ol>;
}

function changed(event: TimelineEvent, zone: string): string[] {
  if (event.verb === 'added') return [];
  return Object.entries(event.changes ?? {}).filter(([field]) => !hidden.has(field)).slice(0, 4).flatMap(([field, [from, to]]) => {
    const before = words(from, zone, field), after = words(to, zone, field);
    return before === after ? [] : [t('event.changed', { field: say(`field.${field}`, field.replaceAll('_', ' ')), from: before, to: after })];
  });
}

function words(value: unknown, zone: string, field: string): string {
  if (value === null || value === undefined || value === '' || Array.isArray(value) && value.length === 0) return t('event.empty');
  if (typeof value === 'boolean') return value ? t('common.yes') : t('common.no');
  if (typeof value === 'string') {
    if (/^\d{4}-\d\d-\d\dT/.test(value)) return moment(value, zone);
    if (field === 'state') return say(`state.${value}`, value);
    return value.length > 60 ? value.slice(0, 57) + '…' : value;
  }
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.every(one => typeof one === 'string')) return value.join(', ');
  return '…';
}
