// One account: facts, sites on the map, visits, and everything that happened.
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Link } from 'wouter';
import { get } from '../../api/client';
import type { Account, Me, Page, Site, Visit } from '../../api/types';
import { say, t } from '../../i18n';
import { moment, shortDay } from '../../i18n/format';
import { Icon } from '../../ui/icons';
import { Failed, Skeleton } from '../../ui/states';
import { siteLabel } from '../day/AddVisit';
import { stateTone } from '../day/VisitPanel';
import { items, useTimeline } from '../queries';
import { remember } from '../Palette';
import { Activities } from '../records/Activities';
import { Files } from '../records/Files';
import { useKinds, type Row } from '../records/kinds';
import { RecordDialog } from '../records/RecordDialog';
import { Facts, Related } from '../records/RecordPage';
import { Timeline } from '../Timeline';
import { SiteDialog } from './SiteDialog';

const MapView = lazy(() => import('../../map/MapView').then(module => ({ default: module.MapView })));

export function AccountPage({ me, id }: { me: Me; id: string }) {
  const zone = me.organisation.zone;
  const account = useQuery({ queryKey: ['account', id], queryFn: ({ signal }) => get<Account>(`/accounts/${id}`, undefined, signal) });
  const sites = useQuery({ queryKey: ['sites', id], queryFn: async ({ signal }) => items(await get<Page<Site> | Site[]>(`/accounts/${id}/sites`, undefined, signal)) });
  const visits = useQuery({ queryKey: ['account-visits', id], queryFn: async ({ signal }) => items(await get<Page<Visit>>('/visits', { account_id: id, limit: 50 }, signal)) });
  const timeline = useTimeline(id);
  const [pointed, setPointed] = useState<string | null>(null);
  /** The site being changed, or 'new'. */
  const [open, setOpen] = useState<Site | 'new' | null>(null);
  const [editing, setEditing] = useState<string[] | true | null>(null);
  const kinds = useKinds();
  const kind = kinds.data?.find(each => each.name === 'account');
  const mayWrite = me.rights.includes('account.write');
  useEffect(() => { if (account.data) { document.title = account.data.name; remember(`/accounts/${id}`, account.data.name, account.data.number); } }, [account.data]);
  const back = <Link href="/accounts" className="button" data-look="plain" data-square aria-label={t('nav.accounts')}><Icon name="left" size={18} /></Link>;
  if (account.error) return <><header className="page-head">{back}</header><Failed problem={account.error} retry={() => void account.refetch()} /></>;
  const one = account.data;
  if (!one) return <><header className="page-head">{back}</header><Skeleton lines={10} /></>;
  const places = sites.data ?? [];
  const when = (visit: Visit) => visit.start ?? visit.outcome?.at ?? visit.windows?.[0]?.start ?? null;
  return <>
    <header className="page-head">{back}<h1 className="ellipsis">{one.name}</h1><span className="chip" data-tone={one.stage === 'customer' || one.stage === 'won_back' ? 'ok' : one.stage === 'at_risk' ? 'warn' : one.stage === 'lost' ? 'danger' : undefined}>{say(`stage.${one.stage}`, one.stage)}</span><span className="quiet">{one.number}</span><span className="gap" />{mayWrite && kind && <button className="button" onClick={() => setEditing(true)}>{t('records.edit')}</button>}</header>
    <div className="record">
      <div className="record-main">
        {kind && <Facts me={me} kind={kind} row={one as unknown as Row} skip={['number', 'stage', 'sites_count']} onEdit={name => setEditing([name])} />}
        <section><h2 className="head-with">{t('account.sites')}{mayWrite && <button className="button" onClick={() => setOpen('new')}><Icon name="plus" size={16} />{t('site.add')}</button>}</h2>
          {sites.isPending ? <Skeleton lines={3} /> : places.length === 0 ? <p className="quiet">{t('account.noSites')}</p>
            : <ul className="lines">{places.map((site, i) => <li key={site.id} data-light={pointed === site.id ? 'hovered' : undefined} onPointerEnter={() => setPointed(site.id)} onPointerLeave={() => setPointed(null)}>
              <span className="site-number">{i + 1}</span><div><b>{site.name || siteLabel(site)}</b>{site.name && <p className="quiet">{siteLabel(site)}</p>}
                {site.access_note && <p className="quiet">{t('account.access', { note: site.access_note })}</p>}{(site.contact_name || site.contact_phone) && <p className="quiet">{[site.contact_name, site.contact_phone].filter(Boolean).join(' · ')}</p>}
                {site.source === 'synthetic' && <span className="chip">{t('account.synthetic')}</span>}{site.source === 'person' && <span className="chip">{t('site.source.person')}</span>}
                {site.needs_decision && <div className="undecided"><span className="chip" data-tone="warn"><Icon name="warn" size={14} />{t('site.undecided')}</span><span className="quiet">{t('site.unsureNote', { n: site.candidates?.length ?? 0 })}</span>
                  {mayWrite && <button className="button" aria-label={t('site.decideOf', { name: site.name || siteLabel(site) })} onClick={() => setOpen(site)}>{t('site.decide')}</button>}</div>}</div>
              {mayWrite && <button className="button" data-look="plain" aria-label={t('site.changeOf', { name: site.name || siteLabel(site) })} onClick={() => setOpen(site)}>{t('site.change')}</button>}
            </li>)}</ul>}
        </section>
        <section><h2>{t('account.visits')}</h2>
          {visits.isPending ? <Skeleton lines={3} /> : (visits.data ?? []).length === 0 ? <p className="quiet">{t('account.noVisits')}</p>
            : <ul className="lines">{visits.data!.map(visit => <li key={visit.id}><span className="chip" data-tone={stateTone(visit)}>{say(`state.${visit.state}`, visit.state)}</span><div><b>{visit.title}</b><p className="quiet">{when(visit) ? moment(when(visit)!, zone) : visit.earliest ? shortDay(visit.earliest) : ''}{visit.outcome?.note && ` · ${visit.outcome.note}`}</p></div></li>)}</ul>}
        </section>
        {kind && <Related me={me} kind={kind} row={one as unknown as Row} />}
        {me.rights.includes('activity.read') && <Files me={me} kind="account" id={id} />}
      </div>
      <div className="record-side">
        <div className="record-map"><Suspense fallback={<Skeleton lines={6} />}>
          <MapView label={t('account.sites')} land={me.map} search fitKey={`${id} ${places.length}`} hovered={pointed} onHover={setPointed} pins={places.map((site, i) => ({ id: site.id, point: site.point, text: String(i + 1), look: site.needs_decision ? 'open' as const : 'site' as const }))} />
        </Suspense></div>
        <div className="record-story">{me.rights.includes('activity.read') && <Activities me={me} about="account" row={one as unknown as Row} />}
        <section className="record-timeline"><h2>{t('account.timeline')}</h2>{timeline.isPending ? <Skeleton lines={6} /> : timeline.error ? <Failed problem={timeline.error} retry={() => void timeline.refetch()} /> : <Timeline events={timeline.data?.items ?? []} zone={zone} entities />}</section></div>
      </div>
    </div>
    {editing && kind && <RecordDialog kind={kind} row={one as unknown as Row} only={editing === true ? undefined : editing} onClose={() => setEditing(null)} />}
    {open && <SiteDialog me={me} account={id} site={open === 'new' ? null : open} onClose={() => setOpen(null)} />}
  </>;
}
