// One customer on the phone: whom to call, what stands there, what is open, what was said. Read with a connection.
import { useEffect, useState } from 'react';
import { get } from '../api/client';
import type { Page } from '../api/types';
import { t } from '../i18n';
import { dayOf, shortDay } from '../i18n/format';
import { Icon } from '../ui/icons';
import { Failed, Skeleton } from '../ui/states';
import { Connection } from './App';
import { SyncSheet } from './MenuSheet';
import { AddSheet } from './OnTheSpot';
import { useTech } from './state';

type Row = Record<string, string | null> & { id: string };
interface Whole { account: Row; contacts: Row[]; installations: Row[]; cases: Row[]; deals: Row[]; activities: Row[] }

export function CustomerPage({ id }: { id: string }) {
  const { me, today } = useTech();
  const zone = today?.zone ?? me?.organisation.zone ?? 'UTC';
  const [whole, setWhole] = useState<Whole | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [sheet, setSheet] = useState<'sync' | 'case' | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let gone = false;
    setProblem(null);
    const filter = `account_id = ${id}`;
    const list = (plural: string, right: string, more = '', sort?: string) => me?.rights.includes(right) ? get<Page<Row>>(`/${plural}`, { filter: filter + more, sort, limit: 20 }).then(page => page.items ?? []) : Promise.resolve([]);
    Promise.all([get<Row>(`/accounts/${id}`), list('contacts', 'account.read'), list('installations', 'installation.read', ' and status = active'), list('cases', 'case.read', ' and open = true'), list('deals', 'deal.read', ' and open = true'), list('activities', 'activity.read', '', '-at')])
      .then(([account, contacts, installations, cases, deals, activities]) => { if (!gone) setWhole({ account, contacts, installations, cases, deals, activities }); }).catch(cause => { if (!gone) setProblem(cause); });
    return () => { gone = true; };
  }, [id, tries]);
  const call = (number?: string | null) => number ? <a className="round" href={`tel:${number.replace(/[^+\d]/g, '')}`} aria-label={t('near.call', { name: number })}><Icon name="call" /></a> : null;
  return <div className="page">
    <header className="top"><div className="top-line"><button className="round" aria-label={t('common.back')} onClick={() => history.back()}><Icon name="left" /></button><h1>{whole?.account.name ?? ''}</h1><Connection onOpen={() => setSheet('sync')} /></div></header>
    <main className="content visit">{problem ? <Failed problem={problem} retry={() => setTries(n => n + 1)} /> : !whole ? <Skeleton lines={10} /> : <>
      <ul className="near">
        {whole.account.phone && <li><span className="near-text"><b>{whole.account.phone}</b><span className="quiet">{whole.account.number}</span></span>{call(whole.account.phone)}</li>}
        {whole.contacts.map(one => <li key={one.id}><span className="near-text"><b>{one.name}</b><span className="quiet">{[one.role, one.mobile || one.phone].filter(Boolean).join(' · ')}</span></span>{call(one.mobile || one.phone)}</li>)}
      </ul>
      <Lines title={t('customer.installations')} none={t('customer.noInstallations')} lines={whole.installations.map(one => [one.name, [one.serial, one.place, one.installed_on && t('customer.since', { day: one.installed_on.slice(0, 7) }), one.warranty_until && t('customer.warranty', { day: one.warranty_until })].filter(Boolean).join(' · ')])} />
      <Lines title={t('customer.open')} none={t('customer.nothingOpen')} lines={[...whole.cases.map(one => [one.title, [one.number, one.description].filter(Boolean).join(' · ')] as [string | null | undefined, string]), ...whole.deals.map(one => [one.name, String(one.number ?? '')] as [string | null | undefined, string])]} />
      <Lines title={t('customer.said')} none={t('customer.nothingSaid')} lines={whole.activities.map(one => [one.subject, [shortDay(dayOf(String(one.at), zone)), one.owner, one.body !== one.subject ? one.body : ''].filter(Boolean).join(' · ')])} />
      {whole.account.note && <p className="pre quiet">{whole.account.note}</p>}
    </>}</main>
    {whole && me?.rights.includes('case.write') && <footer className="dock"><button className="button big" onClick={() => setSheet('case')}><Icon name="plus" />{t('spot.case')}</button></footer>}
    {sheet === 'sync' && <SyncSheet onClose={() => setSheet(null)} />}
    {sheet === 'case' && whole && <AddSheet what="case" account={{ id, name: whole.account.name ?? '' }} onClose={() => { setSheet(null); setTries(n => n + 1); }} />}
  </div>;
}

function Lines({ title, none, lines }: { title: string; none: string; lines: [string | null | undefined, string][] }) {
  return <section className="earlier"><h2>{title}</h2>{lines.length === 0 ? <p className="quiet">{none}</p> : <ul className="near">{lines.map(([head, more], i) => <li key={i}><span className="near-text"><b>{head}</b>{more && <span className="quiet">{more}</span>}</span></li>)}</ul>}</section>;
}
