// One visit on the phone: what, where, how to get in, whom to call, what was before.
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { get } from '../api/client';
import type { Page, Visit } from '../api/types';
import { t } from '../i18n';
import { clock, duration, shortDay, dayOf } from '../i18n/format';
import { Icon } from '../ui/icons';
import { Empty, Skeleton } from '../ui/states';
import { ActionBar } from './ActionBar';
import { PhotoInput } from './CloseSheet';
import { Connection } from './App';
import { navigateLink, rows } from './day';
import { SyncSheet } from './MenuSheet';
import { AddSheet } from './OnTheSpot';
import { Sheet } from './Sheet';
import { tap, useTech } from './state';
import { StateWord } from './TodayPage';

export function VisitPage({ id }: { id: string }) {
  const { today, outbox, working, me, loading } = useTech();
  const [sheet, setSheet] = useState<'sync' | 'note' | 'case' | null>(null);
  const zone = today?.zone ?? me?.organisation.zone ?? 'UTC';
  const all = today ? rows(today, outbox, working) : [];
  const row = all.find(one => one.visit.id === id);
  useEffect(() => { scrollTo(0, 0); }, [id]);
  const header = <header className="top"><div className="top-line">
    <Link href="/" className="round" aria-label={t('common.back')}><Icon name="left" /></Link>
    <h1>{row ? t('tech.visitOf', { k: row.number, n: all.length }) : ''}</h1>
    <Connection onOpen={() => setSheet('sync')} />
  </div></header>;
  if (!row) return <div className="page">{header}<main className="content">{loading ? <Skeleton lines={8} /> : <Empty icon="visits" title={t('problem.notFound')} hint={t('problem.notFoundHint')}><Link href="/" className="button">{t('common.back')}</Link></Empty>}</main></div>;

  const { visit } = row;
  const site = visit.site;
  const phone = site.contact_phone;
  return <div className="page">
    {header}
    <main className="content visit">
      <div className="visit-head">
        <p className="stop-time">{clock(row.arrive, zone)} – {clock(row.leave, zone)} <StateWord row={row} /></p>
        <h2>{visit.title}</h2>
        <p>{visit.account.name}</p>
      </div>
      <div className="two">
        <a className="button big" href={navigateLink(site.point, visit.account.name, navigator.userAgent)}><Icon name="navigate" />{t('tech.navigate')}</a>
        {phone && <a className="button big" href={`tel:${phone.replace(/[^+\d]/g, '')}`}><Icon name="call" />{t('tech.callPlain')}</a>}
      </div>
      <dl className="facts">
        <div><dt><Icon name="visits" /><span>{t('visit.where')}</span></dt><dd>{site.label}</dd></div>
        {site.access_note && <div><dt><Icon name="key" /><span>{t('tech.access')}</span></dt><dd>{site.access_note}</dd></div>}
        {(site.contact_name || phone) && <div><dt><Icon name="person" /><span>{t('tech.contact')}</span></dt><dd>{[site.contact_name, phone].filter(Boolean).join(' · ')}</dd></div>}
        <div><dt><Icon name="clock" /><span>{t('visit.when')}</span></dt><dd>
          {visit.promise ? t('board.promised', { span: `${clock(visit.promise.start, zone)} – ${clock(visit.promise.end, zone)}` }) : visit.windows?.length ? visit.windows.map(w => `${clock(w.start, zone)} – ${clock(w.end, zone)}`).join(', ') : t('visit.anytime')} · {t('tech.takes', { time: duration(visit.duration_seconds) })}
        </dd></div>
        {visit.note && <div><dt><Icon name="note" /><span>{t('tech.task')}</span></dt><dd className="pre">{visit.note}</dd></div>}
        {visit.outcome && <div><dt><Icon name="check" /><span>{t('visit.outcome')}</span></dt><dd className="pre">{visit.outcome.note || t('state.done')}</dd></div>}
      </dl>
      <button className="button big" onClick={() => setSheet('note')}><Icon name="note" />{t('tech.noteAdd')}</button>
      <div className="two"><Link href={`/customer/${visit.account.id}`} className="button big"><Icon name="accounts" />{t('customer.title')}</Link>
        {me?.rights.includes('case.write') && <button className="button big" onClick={() => setSheet('case')}><Icon name="plus" />{t('spot.case')}</button>}</div>
      <Earlier visit={visit} zone={zone} />
    </main>
    <ActionBar row={row} zone={zone} of={all.length} onVisit />
    {sheet === 'sync' && <SyncSheet onClose={() => setSheet(null)} />}
    {sheet === 'case' && <AddSheet what="case" account={visit.account} site={site.id} onClose={() => setSheet(null)} />}
    {sheet === 'note' && <NoteSheet visit={visit} onClose={() => setSheet(null)} />}
  </div>;
}

function NoteSheet({ visit, onClose }: { visit: Visit; onClose: () => void }) {
  const [note, setNote] = useState('');
  return <Sheet title={t('tech.noteAdd')} onClose={onClose}>
    <div className="field"><label htmlFor="note">{t('tech.note')}</label><textarea id="note" className="input" rows={5} value={note} placeholder={t('tech.notePlaceholder')} onChange={event => setNote(event.target.value)} /></div>
    <PhotoInput visit={visit.id} />
    <button className="button big" data-look="primary" disabled={!note.trim()} onClick={() => { void tap('add_note', visit, { text: note.trim() }, t('tech.did.add_note')); onClose(); }}>{t('tech.noteSave')}</button>
  </Sheet>;
}

/** What happened here before; needs a connection and the right to see it, and says so otherwise. */
function Earlier({ visit, zone }: { visit: Visit; zone: string }) {
  const [earlier, setEarlier] = useState<Visit[] | 'loading' | 'offline'>('loading');
  useEffect(() => {
    let gone = false;
    get<Page<Visit>>('/visits', { account_id: visit.account.id, limit: 20 })
      .then(page => { if (!gone) setEarlier(page.items.filter(one => one.id !== visit.id && one.outcome).slice(0, 10)); })
      .catch(() => { if (!gone) setEarlier('offline'); });
    return () => { gone = true; };
  }, [visit.id]);
  return <section className="earlier">
    <h2>{t('tech.earlier')}</h2>
    {earlier === 'loading' ? <Skeleton lines={2} /> : earlier === 'offline' ? <p className="quiet">{t('tech.earlierOffline')}</p> : earlier.length === 0 ? <p className="quiet">{t('tech.earlierNone')}</p>
      : <ol>{earlier.map(one => <li key={one.id}><span className="quiet">{shortDay(dayOf(one.outcome!.at, zone))}</span><span><b>{one.title}</b>{one.outcome!.note && <><br />{one.outcome!.note}</>}</span></li>)}</ol>}
  </section>;
}
