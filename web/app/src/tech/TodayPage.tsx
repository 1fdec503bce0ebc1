// Today: the visits in order with the road between them, as a list or on the map, and the one next action.
import { lazy, Suspense, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { t } from '../i18n';
import { clock, distance, duration, longDay, moment } from '../i18n/format';
import { Icon } from '../ui/icons';
import { Empty, Failed, Skeleton } from '../ui/states';
import type { Line, Pin } from '../map/data';
import type { Stop } from '../api/types';
import { ActionBar } from './ActionBar';
import { Connection } from './App';
import { current, rows, type Row } from './day';
import { MenuSheet, SyncSheet } from './MenuSheet';
import { AddSheet } from './OnTheSpot';
import { acknowledge, dropMessage, go, load, useTech } from './state';

const MapView = lazy(() => import('../map/MapView').then(module => ({ default: module.MapView })));

export function TodayPage() {
  const state = useTech();
  const { today, me, date, copyFrom, loading, problem, outbox, working, messages } = state;
  const [sheet, setSheet] = useState<'menu' | 'sync' | 'lead' | null>(null);
  const [view, setView] = useState<'list' | 'map'>(() => sessionStorage.getItem('tech-view') === 'map' ? 'map' : 'list');
  const zone = today?.zone ?? me?.organisation.zone ?? 'UTC';
  const all = useMemo(() => today ? rows(today, outbox, working) : [], [today, outbox, working]);
  const next = current(all);
  const show = (wanted: 'list' | 'map') => { setView(wanted); sessionStorage.setItem('tech-view', wanted); };

  return <div className="page" data-view={view}>
    <header className="top">
      <div className="top-line">
        <button className="round" aria-label={t('day.previous')} onClick={() => void go(-1)}><Icon name="left" /></button>
        <h1>{date && longDay(date)}</h1>
        <button className="round" aria-label={t('day.next')} onClick={() => void go(1)}><Icon name="right" /></button>
      </div>
      <div className="top-line">
        <Connection onOpen={() => setSheet('sync')} />
        {all.length > 0 && <div className="toggle" role="group" aria-label={t('tech.title')}>
          <button aria-pressed={view === 'list'} onClick={() => show('list')}><Icon name="list" size={18} /><span>{t('tech.list')}</span></button>
          <button aria-pressed={view === 'map'} onClick={() => show('map')}><Icon name="map" size={18} /><span>{t('tech.map')}</span></button>
        </div>}
        <button className="round" aria-label={t('tech.settings')} onClick={() => setSheet('menu')}><Icon name="more" /></button>
      </div>
    </header>

    <main className="content">
      {copyFrom !== null && !loading && state.online === false && <p className="banner" role="status"><Icon name="cloudOff" /><span><b>{t('tech.copyOf', { time: moment(new Date(copyFrom).toISOString(), zone) })}.</b> {t('tech.copyHint')}</span></p>}
      {messages.map((message, i) => <p key={i} className="banner" data-tone="danger" role="alert"><Icon name="warn" /><span>{message}</span><button className="round" aria-label={t('common.close')} onClick={() => dropMessage(i)}><Icon name="close" /></button></p>)}
      {state.changes.length > 0 && <ChangesBanner zone={zone} />}
      {!me?.resource_id && me
        ? <Empty icon="person" title={t('tech.noResource')} hint={t('tech.noResourceHint')}><a className="button" data-look="primary" href="/">{t('tech.toOffice')}</a></Empty>
        : loading ? <Skeleton lines={9} />
        : problem ? <Failed problem={problem} retry={() => void load()} />
        : !today ? <Empty icon="cloudOff" title={t('tech.noCopy')} hint={t('tech.noCopyHint')} />
        : all.length === 0 ? <Empty icon="day" title={t('tech.none')} hint={t('tech.noneHint')} />
        : view === 'map' ? <DayMap all={all} next={next} /> : <DayList all={all} next={next} zone={zone} />}
    </main>

    {today && all.length > 0 && (next
      ? <ActionBar row={next} zone={zone} of={all.length} compact={view === 'map'} />
      : <footer className="dock"><p className="finished"><Icon name="check" /><span><b>{t('tech.allDone')}</b><br />{t('tech.allDoneHint')}</span></p></footer>)}
    {sheet === 'sync' && <SyncSheet onClose={() => setSheet(null)} />}
    {sheet === 'menu' && <MenuSheet onClose={() => setSheet(null)} onLead={() => setSheet('lead')} />}
    {sheet === 'lead' && <AddSheet what="lead" onClose={() => setSheet(null)} />}
  </div>;
}

function ChangesBanner({ zone }: { zone: string }) {
  const { changes } = useTech();
  return <section className="changes" role="status">
    <h2>{t('tech.changed')}</h2>
    <ul>{changes.map(change => <li key={change.visit_id} data-kind={change.kind}>
      {change.kind === 'added' ? t('tech.changeAdded', { title: change.title, time: clock(change.at!, zone) })
        : change.kind === 'moved' ? t('tech.changeMoved', { title: change.title, time: clock(change.at!, zone) })
        : t('tech.changeRemoved', { title: change.title })}
    </li>)}</ul>
    <button className="button" onClick={() => void acknowledge()}>{t('tech.changeOk')}</button>
  </section>;
}

function DayList({ all, next, zone }: { all: Row[]; next: Row | null; zone: string }) {
  const { today } = useTech();
  const byVisit = new Map(all.map(row => [row.visit.id, row]));
  const stops = today!.stops ?? [];
  const route = today!.route;
  const home = stops.find(stop => stop.kind === 'end');
  const done = all.filter(row => row.closed).length;
  return <>
    <p className="summary">{t('tech.progress', { done, n: all.length })}{route && <> · {duration(route.travel_seconds)} · {distance(route.travel_meters)}</>}</p>
    <ol className="stops">
      {today!.base && route && <li className="end-stop"><span className="dot"><Icon name="home" size={18} /></span><span>{t('tech.from', { place: today!.base.label, time: clock(route.start, zone) })}</span></li>}
      {stops.map((stop, i) => stop.kind === 'break'
        ? <li key={i} className="end-stop"><span className="dot"><Icon name="coffee" size={18} /></span><span>{t('tech.break', { time: `${clock(stop.start, zone)} – ${clock(stop.leave, zone)}` })}</span></li>
        : byVisit.has(stop.visit?.id ?? '') && <StopItem key={stop.visit!.id} row={byVisit.get(stop.visit!.id)!} stop={stop} zone={zone} isNext={next?.visit.id === stop.visit!.id} />)}
      {today!.base && route && <li className="end-stop"><span className="dot"><Icon name="home" size={18} /></span><span>{t('tech.home', { place: today!.base.label, time: clock(home?.arrive ?? route.end, zone) })}{home && home.leg_seconds > 0 && <span className="leg-inline"> · {t('tech.drive', { time: duration(home.leg_seconds), km: distance(home.leg_meters) })}</span>}</span></li>}
    </ol>
  </>;
}

function StopItem({ row, stop, zone, isNext }: { row: Row; stop: Stop; zone: string; isNext: boolean }) {
  const { visit } = row;
  const [window] = visit.windows ?? [];
  const promise = visit.promise;
  return <li className="stop" data-state={row.closed ? 'closed' : isNext ? 'next' : 'open'}>
    {stop.leg_seconds > 0 && <p className="leg"><Icon name="road" size={16} />{t('tech.drive', { time: duration(stop.leg_seconds), km: distance(stop.leg_meters) })}</p>}
    <Link href={`/visit/${visit.id}`} className="stop-link">
      <span className="badge" data-state={row.state} aria-hidden="true">{row.state === 'done' ? <Icon name="check" size={16} /> : row.closed ? <Icon name="close" size={16} /> : row.number}</span>
      <span className="stop-text">
        <span className="stop-time">{clock(row.arrive, zone)}{(row.closed || row.state === 'travelling' || row.state === 'on_site') && <StateWord row={row} />}{row.unsent && <span className="chip" data-tone="warn">{t('tech.rowUnsent')}</span>}</span>
        <b>{visit.title}</b>
        <span>{visit.account.name}</span>
        <span className="quiet">{visit.site.label}</span>
        {!row.closed && (promise || window || visit.priority >= 70) && <span className="chips">
          {promise ? <span className="chip" data-tone="accent"><Icon name="promise" size={14} />{t('board.promised', { span: `${clock(promise.start, zone)} – ${clock(promise.end, zone)}` })}</span>
            : window && <span className="chip"><Icon name="clock" size={14} />{t('tech.window', { from: clock(window.start, zone), to: clock(window.end, zone) })}</span>}
          {visit.priority >= 70 && <span className="chip" data-tone="danger">{t('visit.priorityUrgent')}</span>}
        </span>}
      </span>
      <Icon name="right" size={18} />
    </Link>
  </li>;
}

export function StateWord({ row }: { row: Row }) {
  const tone = row.state === 'done' ? 'ok' : row.closed ? 'danger' : 'accent';
  const words = { travelling: t('state.travelling'), on_site: t('state.on_site'), done: t('state.done'), failed: t('state.failed'), no_access: t('state.no_access'), cancelled: t('state.cancelled') } as Record<string, string>;
  return words[row.state] ? <span className="chip" data-tone={tone}>{words[row.state]}</span> : null;
}

function DayMap({ all, next }: { all: Row[]; next: Row | null }) {
  const { today, me } = useTech();
  const [, navigate] = useLocation();
  const colour = today!.resource?.colour ?? me?.colour ?? 0;
  const pins = useMemo<Pin[]>(() => [
    ...(today!.base ? [{ id: 'base', point: today!.base.point, text: '', look: 'base' as const }] : []),
    ...all.map(row => ({ id: row.visit.id, point: row.visit.site.point, text: String(row.number), colour, look: row.closed ? 'closed' as const : 'stop' as const, weight: row.closed ? 0 : 100 - row.number })),
  ], [all, today, colour]);
  const lines = useMemo<Line[]>(() => today!.shape ? [{ id: 'route', group: 'route', colour, parts: [today!.shape.coordinates] }] : [], [today, colour]);
  return <Suspense fallback={<Skeleton lines={8} />}>
    <MapView label={t('map.label')} land={me!.map} search pins={pins} lines={lines} selected={next?.visit.id} fitKey={today!.date} onPick={id => { if (id && id !== 'base' && id !== 'me') navigate(`/visit/${id}`); }} />
  </Suspense>;
}
