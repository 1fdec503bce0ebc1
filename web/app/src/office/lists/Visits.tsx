import { useEffect } from 'react';
import { useLocation } from 'wouter';
import type { Me, Visit, VisitState } from '../../api/types';
import { say, t } from '../../i18n';
import { clock, dayOf, duration, moment, shortDay } from '../../i18n/format';
import { Avatar } from '../../ui/Avatar';
import { Icon } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { stateTone } from '../day/VisitPanel';
import { select } from '../focus';
import { useResources } from '../queries';
import { Grid, type Column } from './Grid';
import { useList, useParam } from './useList';

const states: VisitState[] = ['proposed', 'planned', 'promised', 'dispatched', 'travelling', 'on_site', 'done', 'failed', 'no_access', 'cancelled'];

export function VisitsPage({ me }: { me: Me }) {
  const [, navigate] = useLocation();
  const zone = me.organisation.zone;
  const [q, setQ, settled] = useParam('q', 200);
  const [state, setState] = useParam('state');
  const [date, setDate] = useParam('date');
  const list = useList<Visit>('/visits', { q: settled, state, date });
  const resources = useResources();
  useEffect(() => { document.title = `${t('visits.title')} · ${me.organisation.name}`; }, [me]);
  const who = new Map((resources.data ?? []).map(one => [one.id, one]));
  const columns: Column<Visit>[] = [
    { key: 'title', title: t('visits.title2'), width: 'minmax(170px, 2fr)', cell: one => <b>{one.title}</b> },
    { key: 'account', title: t('visits.account'), width: 'minmax(140px, 2fr)', cell: one => one.account.name },
    { key: 'place', title: t('visits.place'), width: 'minmax(150px, 2fr)', cell: one => <span className="quiet">{one.site.label}</span> },
    { key: 'state', title: t('visits.state'), width: '120px', cell: one => <span className="chip" data-tone={stateTone(one)}>{say(`state.${one.state}`, one.state)}</span> },
    { key: 'when', title: t('visits.when'), width: '185px', cell: one => one.start ? moment(one.start, zone) : one.windows?.length ? <span className="quiet">{moment(one.windows[0]!.start, zone)} – {clock(one.windows[0]!.end, zone)}</span> : one.earliest ? <span className="quiet">{shortDay(one.earliest)}{one.latest && one.latest !== one.earliest ? ` – ${shortDay(one.latest)}` : ''}</span> : '' },
    { key: 'who', title: t('visits.who'), width: 'minmax(120px, 1fr)', cell: one => { const person = who.get(one.resource_id ?? ''); return person ? <span className="who"><Avatar of={person} size={20} />{person.name}</span> : <span className="faint">–</span>; } },
    { key: 'duration', title: t('visits.duration'), width: '80px', number: true, cell: one => duration(one.duration_seconds) },
    { key: 'number', title: t('visits.number'), width: '100px', cell: one => <span className="quiet">{one.number}</span> },
  ];
  const open = (visit: Visit) => {
    const day = visit.start ? dayOf(visit.start, zone) : visit.windows?.[0] ? dayOf(visit.windows[0].start, zone) : visit.earliest && visit.earliest > me.day ? visit.earliest : me.day;
    navigate(`/day/${day}`);
    setTimeout(() => select(visit.id), 0);
  };
  return <>
    <header className="page-head"><h1>{t('visits.title')}</h1>
      <label className="day-find wide"><span className="spoken">{t('visits.search')}</span><Icon name="search" size={16} /><input type="search" placeholder={t('visits.search')} value={q} onChange={event => setQ(event.target.value)} /></label>
      <label className="mini"><span className="spoken">{t('visits.state')}</span><select value={state} onChange={event => setState(event.target.value)}><option value="">{t('visits.allStates')}</option>{states.map(one => <option key={one} value={one}>{say(`state.${one}`, one)}</option>)}</select></label>
      <label className="mini"><span className="spoken">{t('add.date')}</span><input type="date" value={date} onChange={event => setDate(event.target.value)} /></label>
      {date && <button className="link" onClick={() => setDate('')}>{t('visits.anyDay')}</button>}
      <span className="gap" />
      {list.rows.length > 0 && <span className="quiet">{t('accounts.loaded', { n: list.rows.length })}{list.more && ` · ${t('accounts.more')}`}</span>}
    </header>
    {list.isPending ? <Skeleton lines={14} /> : list.error && list.rows.length === 0 ? <Failed problem={list.error} retry={() => void list.refetch()} />
      : list.rows.length === 0 ? <Empty icon="visits" title={t('visits.none')} hint={t('visits.noneHint')}><button className="button" onClick={() => { setQ(''); setState(''); setDate(''); }}>{t('common.clear')}</button></Empty>
      : <Grid label={t('visits.title')} rows={list.rows} columns={columns} keyOf={one => one.id} onOpen={open} more={list.more} loadingMore={list.isFetchingNextPage} />}
  </>;
}
