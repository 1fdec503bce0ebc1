// What was said and done: a line to write a note or log a call, tasks still open first, then the latest.
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { patch, post, uuid7 } from '../../api/client';
import type { Me } from '../../api/types';
import { t } from '../../i18n';
import { ago, moment } from '../../i18n/format';
import { Failed, Skeleton } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { useStaff } from '../queries';
import { choice, fieldOf, useKinds, type Row } from './kinds';
import { useRecords } from './useRecords';

export function Activities({ me, about, row }: { me: Me; about: string; row: Row }) {
  const kinds = useKinds();
  const kind = kinds.data?.find(one => one.name === 'activity');
  const list = useRecords(kind, { filter: `${about}_id = ${row.id}` });
  const queries = useQueryClient();
  const zone = me.organisation.zone;
  const sorted = useMemo(() => [...list.rows].sort((a, b) => Number(a.done) - Number(b.done) || String(b.at).localeCompare(String(a.at))), [list.rows]);
  if (!kind) return null;
  const channel = fieldOf(kind, 'channel')!;
  async function finish(one: Row) {
    try { await patch(`/activities/${one.id}`, one.version, { done: true }); void queries.invalidateQueries({ queryKey: ['activities'] }); } catch (problem) { toastProblem(problem); }
  }
  return <section className="activities"><h2>{t('activity.title')}</h2>
    {kind.writable && <Composer me={me} about={about} row={row} onDone={() => void queries.invalidateQueries({ queryKey: ['activities'] })} />}
    {list.isPending ? <Skeleton lines={4} /> : list.error ? <Failed problem={list.error} retry={() => void list.refetch()} /> : sorted.length === 0 ? <p className="quiet">{t('activity.none')}</p>
      : <ul className="lines">{sorted.slice(0, 30).map(one => <li key={one.id}>
        {one.done === false && kind.writable ? <input type="checkbox" aria-label={t('activity.finish', { subject: String(one.subject) })} checked={false} onChange={() => void finish(one)} /> : <span className="chip">{choice(channel, String(one.channel))}</span>}
        <div><b>{String(one.subject)}</b>{one.body && one.body !== one.subject ? <p className="pre">{String(one.body)}</p> : null}<p className="quiet">{[one.done === false && one.due_at ? t('activity.due', { at: moment(String(one.due_at), zone) }) : ago(String(one.at), zone), one.owner, one.outcome].filter(Boolean).join(' · ')}</p></div>
      </li>)}</ul>}
  </section>;
}

const channels = ['note', 'call', 'email', 'meeting', 'task'] as const;

function Composer({ me, about, row, onDone }: { me: Me; about: string; row: Row; onDone: () => void }) {
  const kinds = useKinds();
  const staff = useStaff(me.rights.includes('staff.read'));
  const field = fieldOf(kinds.data!.find(one => one.name === 'activity')!, 'channel')!;
  const [channel, setChannel] = useState<typeof channels[number]>('note');
  const [text, setText] = useState('');
  const [due, setDue] = useState('');
  const [busy, setBusy] = useState(false);
  // @Name mentions people: whoever's name stands behind an @ is told.
  const mentioned = (staff.data ?? []).filter(one => text.includes(`@${one.name}`));
  const typing = /@([\p{L}\p{N} .'-]{1,30})$/u.exec(text)?.[1];
  const offered = typing && !mentioned.some(one => text.endsWith(`@${one.name}`)) ? (staff.data ?? []).filter(one => one.active !== false && one.name.toLowerCase().startsWith(typing.toLowerCase())).slice(0, 4) : [];
  async function send() {
    if (!text.trim()) return;
    setBusy(true);
    const [first, ...rest] = text.trim().split('\n');
    try {
      await post('/activities', { id: uuid7(), channel, ...(channel === 'note' ? {} : { direction: channel === 'task' ? '' : 'out' }), subject: first!.slice(0, 300), body: channel === 'note' || rest.length ? text.trim() : '', [`${about}_id`]: row.id,
        ...(row.account_id ? { account_id: row.account_id } : {}), mentions: mentioned.map(one => one.id), done: channel !== 'task', ...(channel === 'task' && due ? { due_at: new Date(due).toISOString() } : {}) });
      setText('');
      setDue('');
      onDone();
      toast(t('activity.added'));
    } catch (problem) { toastProblem(problem); }
    setBusy(false);
  }
  return <form className="composer" onSubmit={event => { event.preventDefault(); void send(); }}>
    <fieldset className="segments"><legend className="spoken">{t('activity.channel')}</legend>{channels.map(one => <label key={one}><input type="radio" name={`channel-${row.id}`} checked={channel === one} onChange={() => setChannel(one)} /><span>{choice(field, one)}</span></label>)}</fieldset>
    <textarea className="input" rows={2} aria-label={t('activity.text')} placeholder={t('activity.placeholder')} value={text} onChange={event => setText(event.target.value)} onKeyDown={event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); void send(); } }} />
    {offered.length > 0 && <ul className="mention" aria-label={t('activity.mention')}>{offered.map(one => <li key={one.id}><button type="button" className="chip" onClick={() => setText(text.slice(0, text.length - typing!.length) + one.name + ' ')}>@{one.name}</button></li>)}</ul>}
    <div className="row">{channel === 'task' && <label className="mini">{t('activity.dueAt')}<input type="datetime-local" value={due} onChange={event => setDue(event.target.value)} /></label>}<span className="gap" /><button className="button" data-look="primary" disabled={busy || !text.trim()}>{t('activity.save')}</button></div>
  </form>;
}
