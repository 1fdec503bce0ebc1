// The dispatcher's day: board, map and what has no place, linked; planning it, comparing, publishing; visits added by hand.
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { Me } from '../../api/types';
import { t } from '../../i18n';
import { addDays, dayOf, distance, hours, longDay, shortDay } from '../../i18n/format';
import { useLive } from '../../live';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { select, showPerson, useSelected } from '../focus';
import { useBoard, usePlan, usePublishedPlan, useSkills } from '../queries';
import { AddVisit } from './AddVisit';
import { AssignDialog } from './AssignDialog';
import { BoardView, headHeight, headWidth } from './Board';
import { undoLast, useCommands } from './commands';
import { DayMap } from './DayMap';
import { buildModel, reuse, type Model } from './model';
import { PlanBar } from './PlanBar';
import { Split, useStored } from './Split';
import { daySpan, type Scale } from './timeline';
import { Unassigned } from './Unassigned';
import { VisitPanel } from './VisitPanel';
import './day.css';

export function DayPage({ me, day }: { me: Me; day: string }) {
  const queries = useQueryClient();
  const board = useBoard(day);
  const plan = usePlan(board.data?.plan?.id ?? null);
  const publishedPlan = usePublishedPlan(day);
  const skills = useSkills();
  const mayWrite = me.rights.includes('visit.write');
  const zone = board.data?.zone ?? me.organisation.zone;
  const commands = useCommands(day, zone);
  const [view, setView] = useState<'proposal' | 'published'>('proposal');
  const [assigning, setAssigning] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const [help, setHelp] = useState(false);
  const [opened, setOpened] = useState(false);
  const [chosenHeight, setRowHeight] = useStored('board-row', 0);
  const [pxPerHour, setPxPerHour] = useState<number | null>(null);
  const [room, setRoom] = useState({ width: 900, height: 600 });
  const boardBox = useRef<HTMLDivElement>(null);
  const selected = useSelected();
  const now = useNow(day, zone);

  const current = plan.data ?? board.data?.plan ?? null;
  const proposal = current && (current.state === 'ready' || current.state === 'accepted') && current.routes ? current : null;
  const shown = proposal && view === 'proposal' ? proposal : null;
  const last = useRef<Model | null>(null);
  const model = useMemo(() => last.current = board.data ? reuse(last.current, buildModel(board.data, shown, publishedPlan.data)) : null, [board.data, shown, publishedPlan.data]);

  const refresh = useRef(0);
  useLive(`day:${day}`, () => {
    clearTimeout(refresh.current);
    refresh.current = window.setTimeout(() => { void queries.invalidateQueries({ queryKey: ['board', day] }); void queries.invalidateQueries({ queryKey: ['visit'] }); }, 250);
  });
  useEffect(() => { select(null); showPerson(null); setOpened(false); setPxPerHour(null); }, [day]);
  useEffect(() => { setView('proposal'); }, [proposal?.id]);
  useEffect(() => {
    const box = boardBox.current;
    if (!box) return;
    const watch = new ResizeObserver(entries => setRoom({ width: entries[0]!.contentRect.width, height: entries[0]!.contentRect.height }));
    watch.observe(box);
    return () => watch.disconnect();
  }, [!model]);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const typing = (event.target as Element).matches('input, textarea, select');
      if ((event.ctrlKey || event.metaKey) && event.key === 'z' && !typing) { if (undoLast()) event.preventDefault(); }
      else if (event.key === '?' && !typing) setHelp(true);
      else if (event.key === '/' && !typing) { event.preventDefault(); document.querySelector<HTMLInputElement>('.day-find input')?.focus(); }
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, []);

  const scale = useMemo<Scale | null>(() => {
    if (!model) return null;
    const spans = model.lanes.flatMap(lane => [...lane.shifts, ...lane.bars.map(bar => [bar.start - bar.travel, bar.end] as [number, number])]);
    const { from, to } = daySpan(day, zone, spans);
    const fitted = Math.max(36, (room.width - headWidth - 14) / ((to - from) / 3_600_000));
    return { from, to, pxPerHour: pxPerHour ?? fitted };
  }, [model, day, zone, pxPerHour, room.width]);
  // Few people get high rows, many get low ones, until somebody chooses.
  const rowHeight = chosenHeight || ((model?.lanes.length ?? 0) * 56 + headHeight <= room.height ? 56 : 44);
  const zoom = useCallback((factor: number) => setPxPerHour(old => Math.min(480, Math.max(36, (old ?? scale?.pxPerHour ?? 80) * factor))), [scale?.pxPerHour]);

  const open = useCallback((id: string) => { select(id); setOpened(true); }, []);
  const [find, setFind] = useState('');
  const found = useMemo(() => model && find.trim().length > 1 ? filterModel(model, find.trim().toLocaleLowerCase()) : model, [model, find]);

  if (board.error && !board.data) return <><DayHead day={day} me={me} zone={zone} /><Failed problem={board.error} retry={() => void board.refetch()} /></>;
  if (!model || !found || !scale || !board.data) return <><DayHead day={day} me={me} zone={zone} /><Skeleton lines={12} /></>;

  const assigned = assigning ? model.byVisit.get(assigning)?.bar.visit ?? model.left.find(one => one.visit.id === assigning)?.visit : null;
  const detail = selected && opened && (model.byVisit.has(selected) || model.left.some(one => one.visit.id === selected))
    ? <VisitPanel id={selected} zone={zone} model={model} skills={skills.data} commands={commands} locked={shown !== null || !mayWrite} onAssign={setAssigning} onClose={() => setOpened(false)} /> : null;
  return <>
    <DayHead day={day} me={me} zone={zone}>
      <p className="day-sums">
        {model.total > 0 && <span>{t('day.planned', { served: model.served, n: model.total })}</span>}
        {model.travelSeconds > 0 && <span>{t('day.travel', { time: hours(model.travelSeconds) })}</span>}
        {model.travelMeters > 0 && <span>{distance(model.travelMeters)}</span>}
        {model.clashes > 0 && <span className="warn-ink">{t('day.clashes', { n: model.clashes })}</span>}
        {model.late > 0 && <span className="danger-ink">{t('day.late', { n: model.late })}</span>}
      </p>
      <label className="day-find"><span className="spoken">{t('board.filter')}</span><Icon name="search" size={16} /><input placeholder={t('board.filter')} value={find} onChange={event => setFind(event.target.value)} onKeyDown={event => { if (event.key === 'Escape') setFind(''); }} /></label>
      {mayWrite && <button className="button" onClick={() => setAdding(true)}><Icon name="plus" size={18} />{t('day.addVisit')}</button>}
    </DayHead>
    <PlanBar me={me} board={board.data} plan={current} view={view} onView={setView} total={model.total} />
    <Split name="day" side={<Split name={detail ? 'map-detail' : 'map'} start={detail ? 54 : 38} down side={detail ?? <Unassigned model={found} board={board.data} skills={skills.data} zone={zone} published={!shown && !publishedPlan.data} locked={shown !== null || !mayWrite} onOpen={open} onAssign={setAssigning} commands={commands} />}>
      <DayMap me={me} model={found} board={board.data} plan={shown} day={day} zone={zone} onOpen={open} />
    </Split>}>
      <div className="board-box" ref={boardBox}>
        {model.lanes.length === 0
          ? <Empty icon="person" title={t('day.noResources')} hint={t('day.noResourcesHint')} />
          : <BoardView model={found} scale={scale} zone={zone} day={day} rowHeight={rowHeight} skills={skills.data} commands={commands} now={now} locked={shown !== null || !mayWrite} onAssign={setAssigning} onOpen={open} onZoom={zoom} />}
        <div className="board-tools">
          <button aria-label={t('day.zoomOut')} title={t('day.zoomOut')} onClick={() => zoom(1 / 1.3)}><Icon name="minus" size={16} /></button>
          <button aria-label={t('day.fit')} title={t('day.fit')} onClick={() => setPxPerHour(null)}><Icon name="fit" size={16} /></button>
          <button aria-label={t('day.zoomIn')} title={t('day.zoomIn')} onClick={() => zoom(1.3)}><Icon name="plus" size={16} /></button>
          <button aria-label={t('help.title')} title={`${t('help.title')} (?)`} onClick={() => setHelp(true)}>?</button>
          <button aria-label={t('day.density')} title={t('day.density')} onClick={() => setRowHeight(rowHeight === 32 ? 44 : rowHeight === 44 ? 56 : 32)}><Icon name="rows" size={16} /></button>
        </div>
      </div>
    </Split>
    {help && <KeyHelp onClose={() => setHelp(false)} />}
    {adding && <AddVisit me={me} day={day} zone={zone} skills={skills.data} onClose={() => setAdding(false)} />}
    {assigned && <AssignDialog visit={assigned} model={model} zone={zone} skills={skills.data} commands={commands} locked={shown !== null || !mayWrite} onClose={() => setAssigning(null)} />}
  </>;
}

function DayHead({ day, me, zone, children }: { day: string; me: Me; zone: string; children?: React.ReactNode }) {
  const [, navigate] = useLocation();
  const picker = useRef<HTMLInputElement>(null);
  const today = dayOf(Date.now(), zone);
  const word = day === today ? t('day.today') : day === addDays(today, 1) ? t('day.tomorrow') : null;
  useEffect(() => { document.title = `${shortDay(day)} · ${me.organisation.name}`; }, [day, me]);
  return <header className="page-head day-head">
    <div className="day-pick">
      <button className="button" data-look="plain" data-square aria-label={t('day.previous')} onClick={() => navigate(`/day/${addDays(day, -1)}`)}><Icon name="left" size={18} /></button>
      <button className="button" data-look="plain" data-square aria-label={t('day.next')} onClick={() => navigate(`/day/${addDays(day, 1)}`)}><Icon name="right" size={18} /></button>
      <h1><button title={t('day.pick')} onClick={() => picker.current?.showPicker()}>{longDay(day)}</button></h1>
      <input ref={picker} type="date" className="day-input" aria-label={t('day.pick')} tabIndex={-1} value={day} onChange={event => { if (event.target.value) navigate(`/day/${event.target.value}`); }} />
      {word && <span className="chip">{word}</span>}
    </div>
    {children}
  </header>;
}

function KeyHelp({ onClose }: { onClose: () => void }) {
  const keys: [string, string][] = [
    ['← → ↑ ↓', t('help.walk')], ['Alt + ← →', t('help.move')], ['Alt + ↑ ↓', t('help.person')], ['Enter', t('help.open')], ['A', t('visit.assign')], ['U', t('visit.unassign')], ['P', t('help.pin')],
    ['Ctrl + Z', t('common.undo')], ['/', t('board.filter')], [t('help.wheel'), t('help.zoom')], ['Esc', t('help.escape')],
  ];
  return <Dialog title={t('help.title')} onClose={onClose}><dl className="keys">{keys.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl></Dialog>;
}

/** The present moment while the day is today, else null; moves every half minute. */
function useNow(day: string, zone: string): number | null {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return dayOf(now, zone) === day ? now : null;
}

/** Only lanes and visits that hold the words, by person, title, account, place or number. */
function filterModel(model: Model, words: string): Model {
  const has = (...texts: (string | null | undefined)[]) => texts.some(text => text?.toLocaleLowerCase().includes(words));
  const lanes = model.lanes.filter(lane => has(lane.resource.name) || lane.bars.some(bar => bar.visit && has(bar.visit.title, bar.visit.account.name, bar.visit.site.label, bar.visit.number)));
  return { ...model, lanes, left: model.left.filter(({ visit }) => has(visit.title, visit.account.name, visit.site.label, visit.number)), byVisit: new Map(lanes.flatMap(lane => lane.bars.flatMap(bar => bar.visit ? [[bar.visit.id, { lane, bar }] as const] : []))) };
}

