import { useEffect } from 'react';
import { useLocation } from 'wouter';
import type { Account, Me, Stage } from '../../api/types';
import { say, t } from '../../i18n';
import { ago } from '../../i18n/format';
import { Icon } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { Grid, type Column } from './Grid';
import { useList, useParam } from './useList';

const stages: Stage[] = ['lead', 'prospect', 'customer', 'at_risk', 'lost', 'won_back'];

export function AccountsPage({ me }: { me: Me }) {
  const [, navigate] = useLocation();
  const [q, setQ, settled] = useParam('q', 200);
  const [stage, setStage] = useParam('stage');
  const list = useList<Account>('/accounts', { q: settled, filter: stage ? `stage = ${stage}` : '' });
  useEffect(() => { document.title = `${t('accounts.title')} · ${me.organisation.name}`; }, [me]);
  const columns: Column<Account>[] = [
    { key: 'name', title: t('accounts.name'), width: 'minmax(180px, 3fr)', cell: one => <b>{one.name}</b> },
    { key: 'number', title: t('accounts.number'), width: '110px', cell: one => <span className="quiet">{one.number}</span> },
    { key: 'stage', title: t('accounts.stage'), width: '130px', cell: one => <span className="chip" data-tone={one.stage === 'customer' || one.stage === 'won_back' ? 'ok' : one.stage === 'at_risk' ? 'warn' : one.stage === 'lost' ? 'danger' : undefined}>{say(`stage.${one.stage}`, one.stage)}</span> },
    { key: 'class', title: t('accounts.class'), width: '70px', cell: one => one.class || '–' },
    { key: 'sites', title: t('accounts.sites'), width: '70px', number: true, cell: one => one.sites_count },
    { key: 'phone', title: t('accounts.phone'), width: 'minmax(130px, 1fr)', cell: one => one.phone || '' },
    { key: 'changed', title: t('accounts.changed'), width: '130px', cell: one => <span className="quiet">{ago(one.updated_at, me.organisation.zone)}</span> },
  ];
  return <>
    <header className="page-head"><h1>{t('accounts.title')}</h1>
      <label className="day-find wide"><span className="spoken">{t('accounts.search')}</span><Icon name="search" size={16} /><input type="search" placeholder={t('accounts.search')} value={q} onChange={event => setQ(event.target.value)} /></label>
      <label className="mini"><span className="spoken">{t('accounts.stage')}</span><select value={stage} onChange={event => setStage(event.target.value)}><option value="">{t('accounts.allStages')}</option>{stages.map(one => <option key={one} value={one}>{say(`stage.${one}`, one)}</option>)}</select></label>
      <span className="gap" />
      {list.rows.length > 0 && <span className="quiet">{t('accounts.loaded', { n: list.rows.length })}{list.more && ` · ${t('accounts.more')}`}</span>}
    </header>
    {list.isPending ? <Skeleton lines={14} /> : list.error && list.rows.length === 0 ? <Failed problem={list.error} retry={() => void list.refetch()} />
      : list.rows.length === 0 ? settled || stage ? <Empty title={t('accounts.none')} hint={t('accounts.noneHint')}><button className="button" onClick={() => { setQ(''); setStage(''); }}>{t('common.clear')}</button></Empty> : <Empty icon="accounts" title={t('accounts.empty')} hint={t('accounts.emptyHint')} />
      : <Grid label={t('accounts.title')} rows={list.rows} columns={columns} keyOf={one => one.id} onOpen={one => navigate(`/accounts/${one.id}`)} more={list.more} loadingMore={list.isFetchingNextPage} />}
  </>;
}
