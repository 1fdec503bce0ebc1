// Home: what is due, late, new and mine, for whoever looks. Each card is a list one can open.
import { useEffect } from 'react';
import { Link } from 'wouter';
import type { Me } from '../api/types';
import { t } from '../i18n';
import { longDay, moment } from '../i18n/format';
import { Failed, Skeleton } from '../ui/states';
import { noticeLink, useNotices } from './Notices';
import { called, dateText, fieldOf, money, show, titleOf, tone, useKinds, type Kind } from './records/kinds';
import { toAddress, type Condition } from './records/filter';
import { useRecords, useTotals } from './records/useRecords';

interface Card { title: string; kind: string; filter: string; conditions: Condition[]; sort: string; extra: string; roles?: string[] }

/** The lists of each persona, in the order he looks at them. */
function cards(role: string): Card[] {
  const mine: Condition = { field: 'owner_id', op: 'in', values: ['me'] };
  const tasks: Card = { title: t('home.tasks'), kind: 'activity', filter: 'owner_id = me and done = false', conditions: [mine, { field: 'done', op: 'no', values: [] }], sort: 'due_at', extra: 'due_at' };
  const steps: Card = { title: t('home.steps'), kind: 'deal', filter: 'owner_id = me and open = true and next_step_on <= today', conditions: [mine, { field: 'open', op: 'yes', values: [] }, { field: 'next_step_on', op: 'until', values: ['today'] }], sort: 'next_step_on', extra: 'next_step_on' };
  const leads: Card = { title: t('home.leads'), kind: 'lead', filter: 'state = new', conditions: [{ field: 'state', op: 'in', values: ['new'] }], sort: '-created_at', extra: 'city' };
  const closing: Card = { title: t('home.closing'), kind: 'deal', filter: 'open = true and close_on <= today+14d', conditions: [{ field: 'open', op: 'yes', values: [] }, { field: 'close_on', op: 'until', values: ['today+14d'] }], sort: 'close_on', extra: 'amount' };
  const won: Card = { title: t('home.won'), kind: 'deal', filter: 'stage = won and closed_at >= today-30d', conditions: [{ field: 'stage', op: 'in', values: ['won'] }, { field: 'closed_at', op: 'since', values: ['today-30d'] }], sort: '-updated_at', extra: 'amount' };
  const late: Card = { title: t('home.late'), kind: 'case', filter: 'open = true and due_at < now', conditions: [{ field: 'open', op: 'yes', values: [] }, { field: 'due_at', op: 'until', values: ['today'] }], sort: 'due_at', extra: 'due_at' };
  const fresh: Card = { title: t('home.cases'), kind: 'case', filter: 'state in (new, reopened)', conditions: [{ field: 'state', op: 'in', values: ['new', 'reopened'] }], sort: '-created_at', extra: 'priority' };
  const myCases: Card = { title: t('home.myCases'), kind: 'case', filter: 'open = true and owner_id = me', conditions: [{ field: 'open', op: 'yes', values: [] }, mine], sort: 'due_at', extra: 'state' };
  const service: Card = { title: t('home.service'), kind: 'installation', filter: 'status = active and next_service_on <= today+30d', conditions: [{ field: 'status', op: 'in', values: ['active'] }, { field: 'next_service_on', op: 'until', values: ['today+30d'] }], sort: 'next_service_on', extra: 'next_service_on' };
  const risk: Card = { title: t('home.risk'), kind: 'account', filter: 'stage = at_risk', conditions: [{ field: 'stage', op: 'in', values: ['at_risk'] }], sort: '-updated_at', extra: 'class' };
  const ending: Card = { title: t('home.ending'), kind: 'contract', filter: 'state = active and end_on <= today+60d', conditions: [{ field: 'state', op: 'in', values: ['active'] }, { field: 'end_on', op: 'until', values: ['today+60d'] }], sort: 'end_on', extra: 'end_on' };
  switch (role) {
    case 'rep': return [tasks, steps, leads, closing, risk];
    case 'sales_manager': return [closing, won, leads, risk, ending];
    case 'dispatcher': return [late, fresh, service, tasks];
    case 'service_agent': return [late, fresh, myCases, tasks, service];
    case 'marketer': return [leads, won, risk];
    default: return [late, fresh, closing, leads, service, ending];
  }
}

export function HomePage({ me }: { me: Me }) {
  const kinds = useKinds();
  const notices = useNotices();
  const zone = me.organisation.zone;
  const unread = (notices.data ?? []).filter(one => !one.read_at);
  useEffect(() => { document.title = `${t('home.title')} · ${me.organisation.name}`; }, [me]);
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(new Date());
  return <>
    <header className="page-head"><h1>{t('home.hello', { name: me.name.split(' ')[0]! })}</h1><span className="quiet">{longDay(day)}</span></header>
    <div className="home" tabIndex={0}>
      {kinds.isPending ? <Skeleton lines={10} /> : kinds.error ? <Failed problem={kinds.error} retry={() => void kinds.refetch()} /> : <>
        {me.rights.includes('deal.read') && ['rep', 'sales_manager', 'administrator'].includes(me.role) && <Pipeline me={me} kind={kinds.data.find(one => one.name === 'deal')!} mine={me.role === 'rep'} />}
        {unread.length > 0 && <section className="home-card"><h2>{t('notices.title')}</h2><ul className="lines">{unread.slice(0, 6).map(one => <li key={one.id}><div><Link href={noticeLink(one)}><b>{one.text}</b></Link><p className="quiet">{one.by_name} · {moment(one.at, zone)}</p></div></li>)}</ul></section>}
        {cards(me.role).map(card => { const kind = kinds.data.find(one => one.name === card.kind); return kind && <ListCard key={card.title} me={me} card={card} kind={kind} />; })}
      </>}
    </div>
  </>;
}

function ListCard({ me, card, kind }: { me: Me; card: Card; kind: Kind }) {
  const list = useRecords(kind, { filter: card.filter, sort: card.sort });
  const count = useTotals(kind, { filter: card.filter });
  const extra = fieldOf(kind, card.extra);
  const all = `/${kind.plural}?f=${encodeURIComponent(toAddress(card.conditions))}&sort=${encodeURIComponent(card.sort)}`;
  return <section className="home-card"><h2 className="head-with"><Link href={all}>{card.title}</Link><span className="quiet">{count.data?.[0]?.count ?? (count.data ? 0 : '')}</span></h2>
    {list.isPending ? <Skeleton lines={4} /> : list.error ? <Failed problem={list.error} retry={() => void list.refetch()} /> : list.rows.length === 0 ? <p className="quiet">{t('home.nothing')}</p>
      : <ul className="lines">{list.rows.slice(0, 6).map(row => <li key={row.id}><div className="min0"><Link href={kind.name === 'activity' && row.account_id ? `/accounts/${String(row.account_id)}` : `/${kind.plural}/${row.id}`}><b className="ellipsis block">{titleOf(kind, row)}</b></Link><p className="quiet ellipsis">{String(row.account ?? row.number ?? '')}</p></div>
        {extra && (extra.type === 'enum' ? <span className="chip" data-tone={tone(String(row[extra.name]))}>{show(extra, row, me.organisation.zone, me.organisation.currency)}</span> : <span className={overdue(row[extra.name], extra.type) ? 'warn-ink' : 'quiet'}>{extra.type === 'date' && row[extra.name] ? dateText(String(row[extra.name])) : show(extra, row, me.organisation.zone, me.organisation.currency)}</span>)}</li>)}</ul>}
  </section>;
}

const overdue = (value: unknown, type: string) => typeof value === 'string' && (type === 'date' || type === 'instant') && Date.parse(value) < Date.now();

function Pipeline({ me, kind, mine }: { me: Me; kind: Kind; mine: boolean }) {
  const totals = useTotals(kind, { filter: mine ? 'open = true and owner_id = me' : 'open = true' }, 'stage', ['amount', 'weighted']);
  const stage = fieldOf(kind, 'stage')!;
  const stages = (stage.options ?? []).filter(option => option.value !== 'won' && option.value !== 'lost');
  const sum = (of: string) => (totals.data ?? []).reduce((all, one) => all + (one.sums[of] ?? 0), 0);
  const most = Math.max(1, ...stages.map(option => totals.data?.find(one => one.value === option.value)?.sums.amount ?? 0));
  return <section className="home-card wide"><h2 className="head-with"><Link href="/deals?look=board">{mine ? t('home.myPipeline') : t('home.pipeline')}</Link><span>{money(sum('amount'), me.organisation.currency)} <span className="quiet">{t('deals.weighted', { sum: money(sum('weighted'), me.organisation.currency) })}</span></span></h2>
    {totals.isPending ? <Skeleton lines={2} /> : <ul className="bars">{stages.map(option => { const one = totals.data?.find(total => total.value === option.value); return <li key={option.value}><span>{called(option.label)}</span><span className="pipe" style={{ '--part': `${((one?.sums.amount ?? 0) / most) * 100}%` } as React.CSSProperties} /><span className="number">{money(one?.sums.amount ?? 0, me.organisation.currency)} <span className="quiet">({one?.count ?? 0})</span></span></li>; })}</ul>}
  </section>;
}
