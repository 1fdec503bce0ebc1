// The board: people on a time line, with visits, travel, breaks, shifts and the line of now. Rows are virtual; bars are placed by
// numbers; a bar is drawn anew only when it, its light or the scale changes.
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useMemo, useRef, type KeyboardEvent, type MouseEvent } from 'react';
import type { Skill } from '../../api/types';
import { t } from '../../i18n';
import { clock, distance, duration } from '../../i18n/format';
import { Avatar } from '../../ui/Avatar';
import { Icon } from '../../ui/icons';
import { draggedVisit, focused, hover, select, setDragged, showPerson, useDragged, useLight, usePersonShown, useSelected } from '../focus';
import type { Commands } from './commands';
import { drag, offerTarget, type Spot } from './drag';
import { isClosed, misfit, skillName, type Bar, type Lane, type Misfit, type Model } from './model';
import { minute, snap, ticks, timeAt, total, width, x, type Scale } from './timeline';

export const headWidth = 208;

interface Props {
  model: Model; scale: Scale; zone: string; day: string; rowHeight: number; skills: Skill[] | undefined; commands: Commands; now: number | null;
  /** A proposal cannot be changed by hand. */
  locked: boolean; onAssign: (visit: string) => void; onOpen: (visit: string) => void; onZoom: (factor: number, at: number) => void;
}

export function misfitWords(why: Misfit, skills: Skill[] | undefined, zone: string): string {
  switch (why.rule) {
    case 'absent': return t('board.cannot.absent');
    case 'skills': return t('board.cannot.skills', { skill: skillName(skills, why.skill) });
    case 'shift': return t('board.cannot.shift');
    case 'window': return t('board.cannot.window', { span: `${clock(why.start, zone)} – ${clock(why.end, zone)}` });
  }
}

export function BoardView(props: Props) {
  const { model, scale, zone, rowHeight, commands, now, locked } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: model.lanes.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 8 });
  useEffect(() => rows.measure(), [rowHeight]);
  const latest = useRef(props);
  latest.current = props;
  const selected = useSelected();

  // The board as a place to drop on.
  useEffect(() => {
    offerTarget({
      locate(clientX, clientY, grabbed) {
        const box = scroller.current!.getBoundingClientRect();
        const head = headHeight;
        if (clientX < box.left + headWidth || clientX > box.right || clientY < box.top + head || clientY > box.bottom) return null;
        const { scale, rowHeight, model } = latest.current;
        const lane = Math.floor((clientY - box.top - head + scroller.current!.scrollTop) / rowHeight);
        const px = clientX - box.left - headWidth + scroller.current!.scrollLeft - grabbed;
        return model.lanes[lane] ? { lane, start: snap(timeAt(scale, px), 5) } : null;
      },
      mark(lane) {
        scroller.current!.querySelector('[data-marked]')?.removeAttribute('data-marked');
        if (lane !== null) scroller.current!.querySelector(`[data-lane="${lane}"]`)?.setAttribute('data-marked', '');
      },
      describe(spot) {
        const { model, skills, zone } = latest.current;
        const lane = model.lanes[spot.lane]!;
        const visit = draggedVisit();
        const why = visit ? misfit(visit, lane, spot.start) : null;
        return { text: `${clock(spot.start, zone)} · ${lane.resource.name}${why ? ` · ${misfitWords(why, skills, zone)}` : ''}`, fits: !why };
      },
      nudge(clientX, clientY) {
        const view = scroller.current!, box = view.getBoundingClientRect();
        if (clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom) return;
        if (clientY < box.top + headHeight + 24) view.scrollTop -= 12; else if (clientY > box.bottom - 24) view.scrollTop += 12;
        if (clientX < box.left + headWidth + 24) view.scrollLeft -= 12; else if (clientX > box.right - 24) view.scrollLeft += 12;
      },
    });
    return () => offerTarget(null);
  }, []);

  // What is chosen on the map or in the list comes into view here.
  useEffect(() => {
    const found = selected && model.byVisit.get(selected);
    if (!found || scroller.current?.contains(document.activeElement) && document.activeElement?.getAttribute('data-visit') === selected) return;
    rows.scrollToIndex(model.lanes.indexOf(found.lane), { align: 'auto' });
    const view = scroller.current!;
    const left = x(scale, found.bar.start), room = view.clientWidth - headWidth;
    if (left < view.scrollLeft || left + 60 > view.scrollLeft + room) view.scrollLeft = Math.max(0, left - room / 2);
  }, [selected]);

  // Ctrl and wheel make the hours longer or shorter, around the pointer.
  useEffect(() => {
    const view = scroller.current!;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const px = event.clientX - view.getBoundingClientRect().left - headWidth;
      latest.current.onZoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, timeAt(latest.current.scale, px + view.scrollLeft));
    };
    view.addEventListener('wheel', wheel, { passive: false });
    return () => view.removeEventListener('wheel', wheel);
  }, []);
  const before = useRef(scale);
  useLayoutEffect(() => { // the moment in the middle stays in the middle
    const view = scroller.current!, old = before.current;
    before.current = scale;
    if (old.pxPerHour === scale.pxPerHour || old.from !== scale.from) return;
    const middle = (view.clientWidth - headWidth) / 2;
    view.scrollLeft = x(scale, timeAt(old, view.scrollLeft + middle)) - middle;
  }, [scale]);

  function focusBar(bar: Bar, lane: Lane) {
    select(bar.visit!.id);
    rows.scrollToIndex(model.lanes.indexOf(lane), { align: 'auto' });
    requestAnimationFrame(() => requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-visit="${bar.visit!.id}"]`)?.focus()));
  }

  function key(event: KeyboardEvent) {
    const id = (event.target as Element).closest('[data-visit]')?.getAttribute('data-visit');
    const found = id && model.byVisit.get(id);
    if (!found || event.ctrlKey || event.metaKey) return;
    const { lane, bar } = found;
    const visit = bar.visit!;
    const index = model.lanes.indexOf(lane);
    const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const arrow = arrows[event.key];
    if (arrow && event.altKey) {
      event.preventDefault();
      if (locked || isClosed(visit)) return;
      const to = model.lanes[index + arrow[1]];
      if (to) commands.assign(visit, to, bar.start + arrow[0] * 5 * minute);
    } else if (arrow) {
      event.preventDefault();
      const own = lane.bars.filter(one => one.visit);
      if (arrow[0]) {
        const next = own[own.indexOf(bar) + arrow[0]];
        if (next) focusBar(next, lane);
      } else {
        for (let i = index + arrow[1]; i >= 0 && i < model.lanes.length; i += arrow[1]) {
          const others = model.lanes[i]!.bars.filter(one => one.visit);
          if (others.length === 0) continue;
          focusBar(others.reduce((best, one) => Math.abs(one.start - bar.start) < Math.abs(best.start - bar.start) ? one : best), model.lanes[i]!);
          break;
        }
      }
    } else if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); select(visit.id); props.onOpen(visit.id); }
    else if (event.altKey) return;
    else if (event.key === 'a') { event.preventDefault(); props.onAssign(visit.id); }
    else if (event.key === 'u' && !locked) commands.unassign(visit);
    else if (event.key === 'p' && !locked) commands.pin(visit, !visit.pinned);
    else if (event.key === 'Escape') select(null);
  }

  const marks = useMemo(() => ticks(scale, zone), [scale, zone]);
  const inner = total(scale);
  const first = model.lanes.find(lane => lane.bars.some(bar => bar.visit))?.bars.find(bar => bar.visit)?.key;
  const current = selected && model.byVisit.has(selected) ? selected : first;
  return <div className="board" ref={scroller} onKeyDown={key} onPointerLeave={() => hover(null)} data-row={rowHeight}>
    <div className="board-inner" style={{ width: headWidth + inner, minHeight: headHeight + rows.getTotalSize() }}>
      <div className="board-head" style={{ height: headHeight }}>
        <div className="board-corner" style={{ width: headWidth }}>{t('board.people')}</div>
        <div className="board-axis" aria-hidden="true">{marks.filter(tick => tick.major).map(tick => <span key={tick.at} style={{ left: x(scale, tick.at) }}>{clock(tick.at, zone)}</span>)}</div>
      </div>
      <div className="board-grid" aria-hidden="true" style={{ left: headWidth, top: headHeight, width: inner }}>{marks.map(tick => <i key={tick.at} data-major={tick.major || undefined} style={{ left: x(scale, tick.at) }} />)}</div>
      <p className="spoken" id="board-help">{t('board.help')}</p>
      <div className="board-rows" style={{ height: rows.getTotalSize() }} aria-describedby="board-help">
        {rows.getVirtualItems().map(row => {
          const lane = model.lanes[row.index]!;
          return <LaneRow key={lane.resource.id} lane={lane} scale={scale} zone={zone} top={row.start} height={rowHeight} index={row.index} current={lane.bars.some(bar => bar.key === current) ? current! : ''} locked={locked} props={latest} />;
        })}
      </div>
      {now !== null && now >= scale.from && now <= scale.to && <div className="board-now" style={{ left: headWidth + x(scale, now) }} role="presentation"><span>{clock(now, zone)}</span></div>}
    </div>
  </div>;
}

export const headHeight = 34;

interface RowProps { lane: Lane; scale: Scale; zone: string; top: number; height: number; index: number; current: string; locked: boolean; props: { current: Props } }

const LaneRow = memo(function LaneRow({ lane, scale, zone, top, height, index, current, locked, props }: RowProps) {
  const { resource } = lane;
  const shown = usePersonShown();
  const visits = lane.bars.filter(bar => bar.visit);
  const state = resource.absent ? t('day.absent') : lane.shifts.length === 0 ? t('day.noShift') : null;
  return <div className="lane" data-person={resource.colour % 10} data-lane={index} style={{ transform: `translateY(${top}px)`, height }}>
    <button className="lane-head" style={{ width: headWidth }} aria-pressed={shown === resource.id} title={state ?? (lane.busy > 0 ? t('board.util', { percent: Math.round(lane.busy * 100) }) : undefined)} onClick={() => showPerson(shown === resource.id ? null : resource.id)}>
      <Avatar of={resource} />
      <span className="lane-name"><b className="ellipsis">{resource.name}</b>
        <LaneNote lane={lane} zone={zone} props={props} text={state ?? (lane.visits > 0 ? `${t('settings.visits', { n: lane.visits })}${lane.travelMeters > 0 ? ` · ${distance(lane.travelMeters)}` : ''}` : '–')} />
      </span>
      {lane.late > 0 ? <span className="chip" data-tone="danger">{t('day.late', { n: lane.late })}</span> : lane.busy > 0 && <Busy share={lane.busy} />}
    </button>
    <div className="lane-track" role={visits.length ? 'listbox' : undefined} aria-orientation={visits.length ? 'horizontal' : undefined} aria-label={visits.length ? t('board.row', { name: resource.name, n: lane.visits }) : undefined}>
      {lane.shifts.map(([from, to]) => <i key={from} className="shift" aria-hidden="true" style={{ left: x(scale, from), width: width(scale, to - from) }} />)}
      {lane.bars.map(bar => bar.travel > 0 && <i key={'t' + bar.key} className="travel" aria-hidden="true" title={t('board.travel', { time: duration(bar.travel / 1000), km: distance(bar.meters) })} style={{ left: x(scale, bar.arrive - bar.travel), width: Math.max(1, width(scale, bar.travel)) }} />)}
      {lane.home && lane.home.travel > 0 && <i className="travel" aria-hidden="true" title={t('board.travel', { time: duration(lane.home.travel / 1000), km: distance(lane.home.meters) })} style={{ left: x(scale, lane.home.from), width: Math.max(1, width(scale, lane.home.travel)) }} />}
      {lane.bars.map(bar => bar.visit
        ? <BarView key={bar.key} bar={bar} lane={index} left={x(scale, bar.start)} wide={width(scale, bar.end - bar.start)} zone={zone} tabbable={current === bar.key} locked={locked} props={props} />
        : <i key={bar.key} className="pause" aria-hidden="true" title={`${t('board.break')} ${clock(bar.start, zone)} – ${clock(bar.end, zone)}`} style={{ left: x(scale, bar.start), width: width(scale, bar.end - bar.start) }} />)}
    </div>
  </div>;
});

/** The small line below a name; while a visit is dragged it says why that person cannot take it. The lane dims by it (day.css). */
function LaneNote({ lane, zone, text, props }: { lane: Lane; zone: string; text: string; props: { current: Props } }) {
  const visit = useDragged();
  const why = visit && misfit(visit, lane);
  return <span className="lane-note ellipsis" data-fit={visit ? why ? 'no' : 'yes' : undefined}>{why ? misfitWords(why, props.current.skills, zone) : text}</span>;
}

function Busy({ share }: { share: number }) {
  return <svg className="busy" width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" data-full={share > 1 || undefined}>
    <circle cx="9" cy="9" r="7" /><circle cx="9" cy="9" r="7" pathLength="100" strokeDasharray={`${Math.min(100, share * 100)} 100`} transform="rotate(-90 9 9)" />
  </svg>;
}

interface BarProps { bar: Bar; lane: number; left: number; wide: number; zone: string; tabbable: boolean; locked: boolean; props: { current: Props } }

const BarView = memo(function BarView({ bar, lane, left, wide, zone, tabbable, locked, props }: BarProps) {
  const visit = bar.visit!;
  const light = useLight(visit.id);
  const words = { from: clock(bar.start, zone), to: clock(bar.end, zone) };
  // What the bar is too narrow to show is still said; nothing is said otherwise than it is written.
  const unwritten = [wide > 16 ? '' : bar.number, wide > 50 ? '' : visit.title, wide >= 120 ? '' : visit.account.name].filter(Boolean).join(' ');
  function down(event: React.PointerEvent<HTMLDivElement>) {
    if (event.button !== 0) return;
    const element = event.currentTarget;
    if (locked || isClosed(visit)) return;
    drag({
      event: event.nativeEvent, title: visit.title, width: wide, grabbed: event.clientX - element.getBoundingClientRect().left,
      onStart: () => setDragged(visit),
      onEnd: spot => { setDragged(null); drop(spot); },
    });
  }
  function drop(spot: Spot | null) {
    const to = spot && props.current.model.lanes[spot.lane];
    if (to && (spot.lane !== lane || Math.abs(spot.start - bar.start) >= 5 * minute)) props.current.commands.assign(visit, to, spot.start);
  }
  return <div className="bar" role="option" aria-selected={light === 'selected'} tabIndex={tabbable ? 0 : -1} data-visit={visit.id} data-kind={visit.kind} data-state={visit.state} data-light={light ?? undefined} data-late={bar.late > 0 || undefined} data-clash={bar.clash || undefined}
    data-change={bar.change ?? undefined} data-locked={locked || isClosed(visit) || undefined} title={`${bar.clash ? t('board.clash') + '\n' : ''}${words.from} – ${words.to}  ${visit.title}\n${visit.account.name}\n${visit.site.label}`} style={{ left, width: Math.max(6, wide - 1) }}
    onPointerDown={down} onPointerEnter={() => { if (!document.body.dataset.dragging) hover(visit.id); }} onFocus={() => { if (focused().selected !== visit.id) select(visit.id); }}
    onClick={(event: MouseEvent) => { event.stopPropagation(); select(visit.id); props.current.onOpen(visit.id); }}>
    {wide >= 120 ? <><b>{bar.number}</b><span className="bar-text"><span>{visit.title}</span><span>{visit.account.name}</span></span></>
      : wide > 50 ? <span className="bar-text" data-narrow><span><b>{bar.number}</b> {visit.title}</span></span> : wide > 16 && <b>{bar.number}</b>}
    <span className="spoken"> {unwritten} {bar.late > 0 ? t('board.barLate', { ...words, n: bar.late }) : t('board.bar', words)}{bar.clash && `, ${t('board.clash')}`}</span>
    <span className="bar-marks">
      {bar.late > 0 && <em>{t('board.late', { n: bar.late })}</em>}
      {bar.clash && <Icon name="warn" size={13} />}
      {visit.state === 'done' && <Icon name="check" size={13} />}
      {(visit.state === 'failed' || visit.state === 'no_access') && <Icon name="close" size={13} />}
      {visit.state === 'travelling' && <Icon name="road" size={13} />}
      {visit.state === 'on_site' && <Icon name="bolt" size={13} />}
      {visit.pinned && wide > 40 && <Icon name="pin" size={13} />}
      {visit.promise && wide > 60 && <Icon name="promise" size={13} />}
      {visit.priority >= 70 && wide > 60 && <Icon name="priority" size={13} />}
    </span>
  </div>;
});
