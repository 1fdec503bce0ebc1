// What has no place: each visit with the reason in plain words and what would help; dragged or assigned onto the board.
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { Board, Skill } from '../../api/types';
import { t } from '../../i18n';
import { clock, duration, hours } from '../../i18n/format';
import { Icon } from '../../ui/icons';
import { Empty } from '../../ui/states';
import { hover, select, setDragged, useLight, useSelected } from '../focus';
import type { Commands } from './commands';
import { drag } from './drag';
import { skillName, type Left, type Model } from './model';
import { remedyWords, whyWords } from './reasons';

interface Props {
  model: Model; board: Board; skills: Skill[] | undefined; zone: string; published: boolean; locked: boolean; commands: Commands;
  onOpen: (id: string) => void; onAssign: (id: string) => void;
}
type Order = 'priority' | 'duration' | 'due';

export const Unassigned = memo(function Unassigned(props: Props) {
  const { model, published, onOpen, onAssign } = props;
  const [order, setOrder] = useState<Order>('priority');
  const scroller = useRef<HTMLDivElement>(null);
  const selected = useSelected();
  const left = useMemo(() => {
    const due = (one: Left) => one.visit.windows?.[0]?.end ?? one.visit.latest ?? '9999';
    return [...model.left].sort((a, b) => (order === 'priority' ? b.visit.priority - a.visit.priority : order === 'duration' ? b.visit.duration_seconds - a.visit.duration_seconds : due(a).localeCompare(due(b))) || a.visit.title.localeCompare(b.visit.title));
  }, [model.left, order]);
  const rows = useVirtualizer({ count: left.length, getScrollElement: () => scroller.current, estimateSize: () => 84, overscan: 6, getItemKey: i => left[i]!.visit.id });
  useEffect(() => {
    const i = left.findIndex(one => one.visit.id === selected);
    if (i >= 0) rows.scrollToIndex(i, { align: 'auto' });
  }, [selected]);
  const key = (event: KeyboardEvent) => {
    const id = (event.target as Element).closest('[data-visit]')?.getAttribute('data-visit');
    if (!id) return;
    const i = left.findIndex(one => one.visit.id === id);
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const next = left[i + (event.key === 'ArrowDown' ? 1 : -1)];
      if (!next) return;
      select(next.visit.id);
      rows.scrollToIndex(left.indexOf(next), { align: 'auto' });
      requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-visit="${next.visit.id}"] button`)?.focus());
    } else if (event.key === 'a') { event.preventDefault(); onAssign(id); }
    else if (event.key === 'Escape') select(null);
    else if (event.key === 'Enter' && (event.target as Element).matches('.left-main')) { event.preventDefault(); onOpen(id); }
  };
  const work = left.reduce((sum, one) => sum + one.visit.duration_seconds, 0);
  return <section className="left" aria-label={published ? t('unassigned.due') : t('unassigned.title')}>
    <header><h2>{published ? t('unassigned.due') : t('unassigned.title')}</h2>
      {left.length > 0 && <span className="quiet">{t('unassigned.count', { n: left.length, hours: hours(work) })}</span>}
      <span className="gap" />
      {left.length > 1 && <label className="mini"><span className="spoken">{t('unassigned.sort')}</span><select title={t('unassigned.sort')} value={order} onChange={event => setOrder(event.target.value as Order)}>
        <option value="priority">{t('unassigned.byPriority')}</option><option value="duration">{t('unassigned.byDuration')}</option><option value="due">{t('unassigned.byDue')}</option>
      </select></label>}
    </header>
    {left.length === 0
      ? <Empty icon="check" title={model.total === 0 ? t('day.empty') : t('unassigned.none')} hint={model.total === 0 ? t('day.emptyHint') : t('unassigned.noneHint')} />
      : <div className="left-list" ref={scroller} onKeyDown={key} onPointerLeave={() => hover(null)}>
        <ul style={{ height: rows.getTotalSize() }}>{rows.getVirtualItems().map(row => <Item key={row.key} one={left[row.index]!} top={row.start} index={row.index} measure={rows.measureElement} {...props} />)}</ul>
      </div>}
  </section>;
});

function Item({ one, top, index, measure, model, board, skills, zone, published, locked, commands, onOpen, onAssign }: Props & { one: Left; top: number; index: number; measure: (element: HTMLElement | null) => void }) {
  const { visit, why } = one;
  const light = useLight(visit.id);
  const people = board.resources.filter(resource => !resource.absent && (resource.shifts ?? []).length > 0).length;
  const remedy = remedyWords(why, visit, board.resources, skills);
  const [window] = visit.windows ?? [];
  return <li ref={measure} data-index={index} data-visit={visit.id} data-light={light ?? undefined} style={{ transform: `translateY(${top}px)` }} onPointerEnter={() => { if (!document.body.dataset.dragging) hover(visit.id); }}
    onPointerDown={event => {
      if (event.button !== 0 || locked || (event.target as Element).closest('.left-do')) return;
      drag({
        event: event.nativeEvent, title: visit.title, width: 120, grabbed: 8,
        onStart: () => setDragged(visit),
        onEnd: spot => { setDragged(null); const lane = spot && model.lanes[spot.lane]; if (lane) commands.assign(visit, lane, spot.start); },
      });
    }}>
    <button className="left-main" onClick={() => onOpen(visit.id)}>
      <span className="left-title"><b className="ellipsis">{visit.title}</b>{visit.priority >= 70 && <span className="chip" data-tone="danger">{t('visit.priorityUrgent')}</span>}</span>
      <span className="ellipsis quiet">{visit.account.name} · {visit.site.label}</span>
      <span className="ellipsis quiet">{duration(visit.duration_seconds)}{window && ` · ${clock(window.start, zone)} – ${clock(window.end, zone)}`}{(visit.skills ?? []).length > 0 && ` · ${visit.skills!.map(code => skillName(skills, code)).join(', ')}`}</span>
      {!published && why && <span className="left-why">{whyWords(why, visit, skills, people)}.{remedy && <span className="left-remedy"> {t('remedy.label')} {remedy}.</span>}</span>}
    </button>
    <button className="button left-do" data-look="plain" data-square aria-label={`${t('visit.assign')} ${visit.title}`} title={t('visit.assign')} onClick={() => onAssign(visit.id)}><Icon name="person" size={18} /></button>
  </li>;
}
