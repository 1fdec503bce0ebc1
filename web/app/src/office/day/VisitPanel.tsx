// One visit in detail, sliding over the map: what, where, when, who, what happened, and what can be done with it.
import { Link } from 'wouter';
import type { Skill, Visit } from '../../api/types';
import { t, say } from '../../i18n';
import { clock, distance, duration, span } from '../../i18n/format';
import { Avatar } from '../../ui/Avatar';
import { Icon } from '../../ui/icons';
import { Skeleton } from '../../ui/states';
import { useTimeline } from '../queries';
import { Timeline } from '../Timeline';
import type { Commands } from './commands';
import { isClosed, skillName, type Model } from './model';

interface Props { id: string; zone: string; model: Model; skills: Skill[] | undefined; commands: Commands; locked: boolean; onAssign: (id: string) => void; onClose: () => void }

export function stateTone(visit: Visit): string | undefined {
  return visit.state === 'done' ? 'ok' : visit.state === 'failed' || visit.state === 'no_access' || visit.state === 'cancelled' ? 'danger' : visit.state === 'travelling' || visit.state === 'on_site' ? 'accent' : undefined;
}

export function VisitPanel({ id, zone, model, skills, commands, locked, onAssign, onClose }: Props) {
  const placed = model.byVisit.get(id);
  const visit = placed?.bar.visit ?? model.left.find(one => one.visit.id === id)?.visit;
  if (!visit) return null;
  const closed = isClosed(visit);
  const onRoad = visit.state === 'travelling' || visit.state === 'on_site';
  return <aside className="panel" aria-label={t('visit.details')}>
    <header>
      <div><p className="quiet">{visit.number} · {say(`kind.${visit.kind}`, visit.kind)}</p><h2>{visit.title}</h2></div>
      <button className="button" data-look="plain" data-square aria-label={t('common.close')} onClick={onClose}><Icon name="close" size={18} /></button>
    </header>
    <div className="panel-body">
      <p><span className="chip" data-tone={stateTone(visit)}>{say(`state.${visit.state}`, visit.state)}</span> {visit.pinned && <span className="chip"><Icon name="pin" size={12} />{t('board.pinned')}</span>} {visit.priority >= 70 && <span className="chip" data-tone="danger">{t('visit.priorityUrgent')}</span>}</p>
      <dl className="facts">
        <dt>{t('visit.who')}</dt><dd>{placed ? <span className="who"><Avatar of={placed.lane.resource} size={20} />{placed.lane.resource.name}</span> : t('visit.nobody')}</dd>
        {placed && <><dt>{t('visit.when')}</dt><dd>{span(placed.bar.start, placed.bar.end, zone)}{placed.bar.clash && <span className="warn-ink"> · {t('board.clash')}</span>}{placed.bar.late > 0 && <span className="danger-ink"> · {t('day.lateBy', { n: placed.bar.late })}</span>}</dd></>}
        {placed && placed.bar.travel > 0 && <><dt>{t('visit.travel')}</dt><dd>{duration(placed.bar.travel / 1000)} · {distance(placed.bar.meters)}</dd></>}
        <dt>{t('visit.duration')}</dt><dd>{duration(visit.duration_seconds)}</dd>
        {visit.promise && <><dt>{t('visit.promise')}</dt><dd>{span(visit.promise.start, visit.promise.end, zone)}</dd></>}
        <dt>{t('visit.window')}</dt><dd>{visit.windows?.length ? visit.windows.map(window => span(window.start, window.end, zone)).join(', ') : t('visit.anytime')}</dd>
        {(visit.skills ?? []).length > 0 && <><dt>{t('visit.skills')}</dt><dd>{visit.skills!.map(code => skillName(skills, code)).join(', ')}</dd></>}
        <dt>{t('visit.where')}</dt><dd><Link href={`/accounts/${visit.account.id}`}>{visit.account.name}</Link><br />{visit.site.label}</dd>
        {visit.site.access_note && <><dt>{t('visit.access')}</dt><dd>{visit.site.access_note}</dd></>}
        {(visit.site.contact_name || visit.site.contact_phone) && <><dt>{t('visit.contact')}</dt><dd>{visit.site.contact_name}{visit.site.contact_phone && <><br /><a href={`tel:${visit.site.contact_phone.replace(/[^+\d]/g, '')}`}>{visit.site.contact_phone}</a></>}</dd></>}
        {visit.note && <><dt>{t('visit.note')}</dt><dd className="pre">{visit.note}</dd></>}
        {visit.outcome && <><dt>{t('visit.outcome')}</dt><dd className="pre">{clock(visit.outcome.at, zone)}{visit.outcome.note && ` · ${visit.outcome.note}`}</dd></>}
      </dl>
      {!closed && <div className="panel-do" role="group" aria-label={t('visit.actions')}>
        {!onRoad && <button className="button" data-look={placed ? undefined : 'primary'} disabled={locked} onClick={() => onAssign(visit.id)}>{t('visit.assign')}</button>}
        {placed && !onRoad && <button className="button" disabled={locked} onClick={() => commands.pin(visit, !visit.pinned)}>{visit.pinned ? t('visit.unpin') : t('visit.pin')}</button>}
        {placed && !onRoad && <button className="button" disabled={locked} onClick={() => commands.unassign(visit)}>{t('visit.unassign')}</button>}
        <button className="button" data-look="danger" disabled={locked} onClick={() => commands.cancel(visit)}>{t('visit.cancel')}</button>
      </div>}
      {locked && !closed && <p className="faint">{t('board.proposalLocked')}</p>}
      <h3>{t('visit.history')}</h3>
      <History visit={visit} zone={zone} />
    </div>
  </aside>;
}

function History({ visit, zone }: { visit: Visit; zone: string }) {
  const timeline = useTimeline(visit.account.id);
  if (timeline.isPending) return <Skeleton lines={3} />;
  return <Timeline events={(timeline.data?.items ?? []).filter(event => event.entity_id === visit.id)} zone={zone} />;
}
