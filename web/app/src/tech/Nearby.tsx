// What lies near: customers around the phone, the nearest first, with the way there, the call, and what is open with them.
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { post } from '../api/client';
import type { Page, Point } from '../api/types';
import { t } from '../i18n';
import { distance } from '../i18n/format';
import { Icon } from '../ui/icons';
import { Empty, Failed, Skeleton } from '../ui/states';
import { Connection } from './App';
import { navigateLink } from './day';
import { SyncSheet } from './MenuSheet';
import { AddSheet } from './OnTheSpot';
import { here, useTech } from './state';

interface Near { id: string; account_id: string; account: string; label: string; point: Point; contact_phone: string; away: number }

/** Metres between two points, near enough for a list (haversine on the mean radius). */
export function metersBetween(a: Point, b: Point): number {
  const rad = Math.PI / 180, dLat = (b[1] - a[1]) * rad, dLon = (b[0] - a[0]) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h));
}

export function NearbyPage() {
  const { me, today } = useTech();
  const [near, setNear] = useState<Near[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [radius, setRadius] = useState(2000);
  const [at, setAt] = useState<{ point: Point; device: boolean } | null>(null);
  const [sheet, setSheet] = useState<'sync' | 'lead' | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => { let gone = false; void here(today?.base?.point ?? me?.map.centre).then(found => { if (!gone) setAt(found); }); return () => { gone = true; }; }, [tries]);
  useEffect(() => {
    if (!at) return;
    let gone = false;
    setProblem(null);
    post<Page<Omit<Near, 'away'>>>('/sites/query', { filter: `near(${at.point[0].toFixed(6)}, ${at.point[1].toFixed(6)}, ${radius})`, limit: 500 })
      .then(page => { if (!gone) setNear((page.items ?? []).map(site => ({ ...site, away: metersBetween(at.point, site.point) })).sort((a, b) => a.away - b.away).slice(0, 50)); })
      .catch(cause => { if (!gone) setProblem(cause); });
    return () => { gone = true; };
  }, [at, radius]);
  return <div className="page">
    <header className="top"><div className="top-line"><Link href="/" className="round" aria-label={t('common.back')}><Icon name="left" /></Link><h1>{t('near.title')}</h1><Connection onOpen={() => setSheet('sync')} /></div></header>
    <main className="content">
      <fieldset className="segments"><legend className="spoken">{t('near.within')}</legend>{[500, 2000, 10_000].map(meters => <label key={meters}><input type="radio" name="radius" checked={radius === meters} onChange={() => setRadius(meters)} /><span>{distance(meters)}</span></label>)}</fieldset>
      {at && !at.device && <p className="banner" role="status"><Icon name="locate" />{t('near.noPosition')}</p>}
      {problem ? <Failed problem={problem} retry={() => setTries(n => n + 1)} /> : near === null ? <Skeleton lines={8} />
        : near.length === 0 ? <Empty icon="visits" title={t('near.none')} hint={t('near.noneHint')} />
        : <ul className="near">{near.map(site => <li key={site.id}>
          <Link href={`/customer/${site.account_id}`} className="near-text"><b>{site.account}</b><span className="quiet">{site.label}</span><span className="chip">{distance(site.away)}</span></Link>
          {site.contact_phone && <a className="round" href={`tel:${site.contact_phone.replace(/[^+\d]/g, '')}`} aria-label={t('near.call', { name: site.account })}><Icon name="call" /></a>}
          <a className="round" href={navigateLink(site.point, site.account, navigator.userAgent)} aria-label={t('near.go', { name: site.account })}><Icon name="navigate" /></a>
        </li>)}</ul>}
    </main>
    {me?.rights.includes('lead.write') && <footer className="dock"><button className="button big" data-look="primary" onClick={() => setSheet('lead')}><Icon name="plus" />{t('spot.lead')}</button></footer>}
    {sheet === 'sync' && <SyncSheet onClose={() => setSheet(null)} />}
    {sheet === 'lead' && <AddSheet what="lead" onClose={() => setSheet(null)} />}
  </div>;
}
