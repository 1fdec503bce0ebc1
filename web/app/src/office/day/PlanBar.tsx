// Planning a day: run, watch, stop, look at what would change, accept, publish.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { memo, useState } from 'react';
import { call, get, post } from '../../api/client';
import type { Board, Me, Plan } from '../../api/types';
import { t } from '../../i18n';
import { distance, duration, hours } from '../../i18n/format';
import { useLive, useLiveState } from '../../live';
import { Avatar } from '../../ui/Avatar';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { toast, toastProblem } from '../../ui/toast';
import { compare } from './model';
import { stepWords } from './reasons';

interface Props { me: Me; board: Board; plan: Plan | null; view: 'proposal' | 'published'; onView: (view: 'proposal' | 'published') => void; total: number }

export const PlanBar = memo(function PlanBar({ me, board, plan, view, onView, total }: Props) {
  const queries = useQueryClient();
  const [details, setDetails] = useState(false);
  const live = useLiveState();
  const day = board.date;
  const busy = plan?.state === 'queued' || plan?.state === 'running';
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: ['board', day] });
    void queries.invalidateQueries({ queryKey: ['plans', day] });
    if (plan) void queries.invalidateQueries({ queryKey: ['plan', plan.id] });
  };
  useLive(plan ? `plan:${plan.id}` : null, ({ data }) => {
    const state = data.state as Plan['state'] | undefined;
    if (data.missed || state !== plan!.state && state !== 'running') { refresh(); return; }
    queries.setQueryData<Plan>(['plan', plan!.id], old => old && { ...old, state: state ?? old.state, progress: { ...old.progress, ...(data.progress as Plan['progress']) } as Plan['progress'] });
  });
  // Without a live stream the plan is asked for now and then, so that it never seems to hang.
  useQuery({ queryKey: ['plan-watch', plan?.id], enabled: busy, refetchInterval: live === 'live' ? 5000 : 1500, queryFn: async () => {
    const fresh = await get<Plan>(`/plans/${plan!.id}`);
    queries.setQueryData(['plan', fresh.id], fresh);
    if (fresh.state !== 'running' && fresh.state !== 'queued') refresh();
    return fresh.state;
  } });

  const act = useMutation({
    mutationFn: async (what: 'run' | 'stop' | 'accept' | 'publish' | 'discard') => {
      if (what === 'run') return post<Plan>('/plans', { date: day, days: 1 });
      if (what === 'discard') { await call('DELETE', `/plans/${plan!.id}`); return null; }
      return post<Plan>(`/plans/${plan!.id}/${what}`);
    },
    onSuccess: (fresh, what) => {
      if (fresh?.id) queries.setQueryData<Plan>(['plan', fresh.id], old => ({ ...old, ...fresh }));
      if (what === 'run' && fresh) queries.setQueryData<Board>(['board', day], old => old && { ...old, plan: fresh });
      if (what === 'discard') queries.setQueryData<Board>(['board', day], old => old && { ...old, plan: null });
      if (what === 'publish') toast(t('plan.publishedToast'));
      if (what === 'accept') toast(t('plan.acceptedToast'));
      if (what === 'discard') toast(t('plan.discardedToast'));
      refresh();
    },
    onError: problem => { toastProblem(problem); refresh(); },
  });
  const published = (board.routes ?? []).some(route => route.id !== null);
  const waiting = act.isPending;
  const nobody = board.resources.every(resource => resource.absent || (resource.shifts ?? []).length === 0);
  const mayRun = me.rights.includes('plan.run'), mayPublish = me.rights.includes('plan.publish');

  if (plan && busy) {
    const progress = plan.progress;
    const done = progress?.done ?? 0;
    return <section className="plan-bar" data-state="busy" aria-live="polite">
      <Icon name="bolt" size={18} /><b>{t('plan.running')}</b>
      <span className="plan-step">{stepWords(plan)}{progress && progress.elapsed_seconds >= 1 ? ` · ${t('unit.seconds', { n: Math.round(progress.elapsed_seconds) })}` : ''}</span>
      <progress value={done} max={1} aria-label={t('plan.running')} />
      {progress && progress.step === 'search' && <span className="quiet">{progress.unassigned > 0 ? t('plan.left', { n: progress.unassigned }) : t('plan.allServed')}{progress.cost > 0 ? ` · ${t('day.travel', { time: hours(progress.cost) })}` : ''}</span>}
      <span className="gap" />
      <button className="button" disabled={waiting || !mayRun} onClick={() => act.mutate('stop')}><Icon name="stop" size={16} />{t('plan.stop')}</button>
    </section>;
  }
  if (plan && (plan.state === 'ready' || plan.state === 'accepted')) {
    const { changes, summary } = plan;
    const parts = changes ? [changes.moved > 0 && t('plan.moved', { n: changes.moved }), changes.added > 0 && t('plan.added', { n: changes.added }), changes.dropped > 0 && t('plan.dropped', { n: changes.dropped })].filter(Boolean) : [];
    return <section className="plan-bar" data-state="ready" aria-live="polite">
      <div className="switch" role="group" aria-label={t('day.which')}>
        <button aria-pressed={view === 'proposal'} onClick={() => onView('proposal')}>{t('day.proposal')}</button>
        <button aria-pressed={view === 'published'} onClick={() => onView('published')}>{t('day.published')}</button>
      </div>
      {plan.state === 'accepted' && <span className="chip" data-tone="accent">{t('plan.accepted')}</span>}
      <span>{parts.length > 0 ? parts.join(' · ') : t('plan.same')}</span>
      {summary && summary.unserved > 0 && <span className="warn-ink">{t('plan.left', { n: summary.unserved })}</span>}
      {summary && summary.overtime_seconds > 0 && <span className="warn-ink">{t('plan.overtime', { time: duration(summary.overtime_seconds) })}</span>}
      <button className="link" onClick={() => setDetails(true)}>{t('plan.details')}</button>
      <span className="gap" />
      {mayRun && <button className="button" data-look="plain" disabled={waiting} onClick={() => act.mutate('discard')}>{t('plan.discard')}</button>}
      {mayRun && <button className="button" data-look="plain" disabled={waiting} onClick={() => act.mutate('run')}>{t('plan.again')}</button>}
      {plan.state === 'ready'
        ? mayRun && <button className="button" data-look="primary" disabled={waiting} onClick={() => act.mutate('accept')}>{t('plan.accept')}</button>
        : mayPublish && <button className="button" data-look="primary" disabled={waiting} onClick={() => act.mutate('publish')}>{t('plan.publish')}</button>}
      {details && <Differences board={board} plan={plan} onClose={() => setDetails(false)} />}
    </section>;
  }
  return <section className="plan-bar" aria-live="polite">
    {plan?.state === 'failed' ? <span className="banner" data-tone="danger" role="alert"><Icon name="warn" size={18} /><b>{t('plan.failed')}</b>{plan.error || t('plan.failedHint')}</span>
      : <span className="quiet">{nobody ? t('day.noResources') : total === 0 ? t('plan.noVisits') : published ? t('plan.isPublished') : t('plan.notYet')}</span>}
    <span className="gap" />
    {mayRun && <button className="button" data-look={published ? undefined : 'primary'} disabled={waiting || total === 0 || nobody} onClick={() => act.mutate('run')}><Icon name="bolt" size={18} />{published ? t('plan.again') : t('plan.run')}</button>}
  </section>;
});

/** The proposal beside what is published, person by person. */
function Differences({ board, plan, onClose }: { board: Board; plan: Plan; onClose: () => void }) {
  const rows = compare(board, plan);
  const { summary } = plan;
  const delta = (after: number, before: number, say: (n: number) => string) => after === before ? <span className="faint">=</span> : <span className={after > before ? 'warn-ink' : 'ok-ink'}>{after > before ? '+' : '−'}{say(Math.abs(after - before))}</span>;
  return <Dialog title={t('plan.details')} wide onClose={onClose}>
    {summary && <dl className="plan-sums">
      <div><dt>{t('plan.visits')}</dt><dd>{summary.served} / {summary.visits}</dd></div>
      <div><dt>{t('plan.road')}</dt><dd>{hours(summary.travel_seconds)}</dd></div>
      <div><dt>{t('plan.distance')}</dt><dd>{distance(summary.travel_meters)}</dd></div>
      <div><dt>{t('plan.workTime')}</dt><dd>{hours(summary.work_seconds)}</dd></div>
      <div><dt>{t('plan.waitTime')}</dt><dd>{duration(summary.waiting_seconds)}</dd></div>
    </dl>}
    <table className="table"><thead><tr><th scope="col">{t('plan.person')}</th><th scope="col" className="number">{t('plan.visits')}</th><th scope="col" className="number">{t('plan.change')}</th><th scope="col" className="number">{t('plan.road')}</th><th scope="col" className="number">{t('plan.change')}</th></tr></thead>
      <tbody>{rows.map(({ resource, before, after }) => <tr key={resource.id}>
        <th scope="row"><span className="who"><Avatar of={resource} />{resource.name}</span></th>
        <td className="number">{after.visits}</td><td className="number">{delta(after.visits, before.visits, n => String(n))}</td>
        <td className="number">{duration(after.travelSeconds)}</td><td className="number">{delta(Math.round(after.travelSeconds / 60), Math.round(before.travelSeconds / 60), n => duration(n * 60))}</td>
      </tr>)}</tbody>
    </table>
  </Dialog>;
}
