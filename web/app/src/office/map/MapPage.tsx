// The map to work on: records of a kind where they lie, coloured and sized by any field, chosen by shapes, and what is done with
// those chosen. What is shown lives in the address, so that a link shows the same.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Map as MapLibre } from 'maplibre-gl';
import { Link } from 'wouter';
import type { Me, Point } from '../../api/types';
import { t } from '../../i18n';
import { boundsOf } from '../../map/data';
import { Icon, type IconName } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { useShade } from '../../ui/theme';
import { useParam } from '../lists/useList';
import { useStaff } from '../queries';
import { filterOf, fromAddress, toAddress } from '../records/filter';
import { FilterBar } from '../records/FilterBar';
import { called, onMap, useKinds } from '../records/kinds';
import { AddLead } from './AddLead';
import { Draw, type Tool } from './Draw';
import { hit, placesData, setLook, shapesData, show, type Look } from './layers';
import { coloursOf, sizesBy, usePlaces, words } from './places';
import { Result } from './Result';
import { scaleOf, sizesOf } from './scale';
import { chosen, withStep, type Mode, type Shape, type Step } from './select';
import './work.css';

const MapView = lazy(() => import('../../map/MapView').then(module => ({ default: module.MapView })));

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
/** From few to many, in both themes farther from the paper. */
const sequence = { light: ['#a8cf60', '#4ab072', '#1f8a8b', '#355e8d', '#471365'], dark: ['#5b3a8c', '#33638d', '#20a387', '#73d055', '#fde725'] };
const looks: [Look, () => string][] = [['points', () => t('work.look.points')], ['clusters', () => t('work.look.clusters')], ['heat', () => t('work.look.heat')]];
const tools: [Tool, IconName, () => string][] = [['lasso', 'lasso', () => t('work.lasso')], ['polygon', 'polygon', () => t('work.polygon')], ['circle', 'circle', () => t('work.circle')]];
const modes: [Mode, () => string][] = [['replace', () => t('work.mode.replace')], ['add', () => t('work.mode.add')], ['subtract', () => t('work.mode.subtract')], ['intersect', () => t('work.mode.intersect')]];
/** How long a finger must rest on the map to add something there, in milliseconds. */
const longPress = 550;

export function MapPage({ me }: { me: Me }) {
  const queries = useQueryClient();
  const shade = useShade();
  const kinds = useKinds();
  const staff = useStaff();
  const [plural, setPlural] = useParam('kind');
  const [q, setQ, settled] = useParam('q', 250);
  const [f, setF] = useParam('f');
  const [colourBy, setColourBy] = useParam('colour');
  const [sizeBy, setSizeBy] = useParam('size');
  const [lookParam, setLookParam] = useParam('look');
  const [tool, setTool] = useState<Tool | null>(null);
  const [mode, setMode] = useState<Mode>('replace');
  const [steps, setSteps] = useState<Step[]>([]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<number | null>(null);
  const [leadAt, setLeadAt] = useState<Point | null>(null);
  const map = useRef<MapLibre | null>(null);
  const [styled, setStyled] = useState(0);
  const fitted = useRef('');

  const placed = (kinds.data ?? []).filter(onMap);
  const kind = placed.find(one => one.plural === plural) ?? placed[0];
  const colours = kind ? coloursOf(kind) : [], sizes = kind ? sizesBy(kind) : [];
  const colourField = colours.find(field => field.name === colourBy) ?? colours.find(field => field.name === (kind?.name === 'lead' ? 'state' : 'stage')) ?? colours[0];
  const sizeField = sizes.find(field => field.name === sizeBy);
  const look: Look = looks.find(([one]) => one === lookParam)?.[0] ?? 'points';
  const fields = [colourField?.name, sizeField?.name].filter((name): name is string => !!name);
  const conditions = useMemo(() => fromAddress(f), [f]);
  const places = usePlaces(kind?.plural, { q: settled, filter: kind ? filterOf(kind, conditions) : '' }, fields);
  const found = places.data;
  const count = found?.ids.length ?? 0;
  useEffect(() => { document.title = `${t('work.title')} · ${me.organisation.name}`; }, [me]);

  const hueOf = useCallback((id: string) => staff.data?.find(one => one.id === id)?.colour, [staff.data]);
  const values = colourField && found?.values[colourField.name];
  const scale = useMemo(() => colourField && values ? scaleOf(colourField, values, colourField.ref === 'staff' ? hueOf : undefined) : null, [values, colourField?.name, hueOf]);
  const size = useMemo(() => sizesOf(sizeField && found?.values[sizeField.name] || null, count), [found, sizeField?.name]);
  const selection = useMemo(() => found ? chosen(steps, found) : null, [steps, found]);
  const visible = useCallback((i: number) => !scale || !hidden.has(scale.classes[scale.of[i]!]?.key ?? ''), [scale, hidden]);
  /** The colour of each class on this theme. */
  const inks = useMemo(() => (scale?.classes ?? []).map(one => one.kind === 'hue' ? token(`--person-${one.colour}`) : one.kind === 'step' ? sequence[shade][one.colour]! : one.kind === 'rest' ? token('--ink-3') : shade === 'dark' ? '#6b6a68' : '#a9a6a1'), [scale, shade]);

  // What is on the map follows what is asked.
  useEffect(() => {
    if (map.current && styled > 0) setLook(map.current, look, shade, token('--accent'), token('--danger'));
  }, [styled, look]);
  useEffect(() => {
    if (!map.current || styled === 0 || !found) return;
    const data = sizeField ? found.values[sizeField.name] : undefined;
    show(map.current, 'work', placesData({
      lon: found.lon, lat: found.lat, radius: size.radius, colour: i => inks[scale?.of[i] ?? -1] ?? token('--accent'), shown: visible,
      weight: i => data && size.most > 0 ? Math.max(0, Number(data[i]) || 0) / size.most : 0.5, on: i => selection ? selection[i] ? 1 : 0 : 2,
    }));
    show(map.current, 'work-shapes', shapesData(steps));
  }, [styled, look, found, inks, size, visible, selection, steps]);
  useEffect(() => {
    if (!map.current || !found || styled === 0 || fitted.current === (kind?.plural ?? '')) return;
    fitted.current = kind?.plural ?? '';
    if (/^#map=/.test(location.hash)) return;
    const bounds = boundsOf(found.lon.map((lon, i) => [lon, found.lat[i]!] as Point));
    if (bounds) map.current.fitBounds(bounds, { padding: 70, maxZoom: 15, duration: 0 });
  }, [found, styled]);

  const now = useRef({ tool, mayAdd: false });
  now.current = { tool, mayAdd: me.rights.includes('lead.write') };
  const onStyle = useCallback((it: MapLibre) => {
    if (map.current !== it) {
      map.current = it;
      it.on('click', event => { if (!now.current.tool) void hit(it, event.point).then(place => { if (place !== 'moved') setOpen(place); }); });
      it.on('contextmenu', event => { if (now.current.mayAdd && !now.current.tool) { event.preventDefault(); setLeadAt([event.lngLat.lng, event.lngLat.lat]); } });
      let timer: ReturnType<typeof setTimeout> | undefined;
      const stop = () => clearTimeout(timer);
      it.on('touchstart', event => {
        stop();
        const { lng, lat } = event.lngLat;
        if (event.points.length === 1 && now.current.mayAdd && !now.current.tool) timer = setTimeout(() => { navigator.vibrate?.(15); setLeadAt([lng, lat]); }, longPress);
      });
      for (const end of ['touchend', 'touchcancel', 'movestart', 'zoomstart'] as const) it.on(end, stop);
    }
    setStyled(n => n + 1);
  }, []);

  function took(shape: Shape) {
    setSteps(withStep(steps, { mode: steps.length === 0 && mode !== 'subtract' ? 'replace' : mode, shape }));
    setTool(null);
    setOpen(null);
  }
  function inView() {
    const bounds = map.current?.getBounds();
    if (bounds) took({ kind: 'box', bounds: [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()] });
  }
  function pickKind(next: string) {
    setPlural(next); setColourBy(''); setSizeBy(''); setHidden(new Set()); setSteps([]); setOpen(null); setF('');
  }
  function flip(key: string) {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    setHidden(next);
  }

  if (kinds.error) return <Failed problem={kinds.error} retry={() => void kinds.refetch()} />;
  if (kinds.isPending) return <Skeleton lines={10} />;
  if (!kind) return <Empty icon="map" title={t('work.nothing')} hint={t('work.nothingHint')} />;
  const place = open !== null && found && open < count ? open : null;
  return <>
    <header className="page-head work-head"><h1>{t('work.title')}</h1>
      <label className="mini"><span className="spoken">{t('work.kind')}</span><select value={kind.plural} onChange={event => pickKind(event.target.value)}>{placed.map(one => <option key={one.plural} value={one.plural}>{called(one.many)}</option>)}</select></label>
      {kind.searched && <label className="day-find wide"><span className="spoken">{t('work.search')}</span><Icon name="search" size={16} /><input type="search" placeholder={t('work.search')} value={q} onChange={event => setQ(event.target.value)} /></label>}
      <Link className="button" data-look="plain" href={`/${kind.plural}?${new URLSearchParams({ ...settled && { q: settled }, ...f && { f } })}`}><Icon name="list" size={16} />{t('work.list')}</Link>
      <FilterBar kind={kind} conditions={conditions} onChange={next => setF(toAddress(next))} />
      <span className="gap" />
      <label className="mini"><span>{t('work.colour')}</span><select value={colourField?.name ?? ''} onChange={event => { setColourBy(event.target.value); setHidden(new Set()); }}>{colours.map(field => <option key={field.name} value={field.name}>{called(field.label)}</option>)}</select></label>
      <label className="mini"><span>{t('work.size')}</span><select value={sizeField?.name ?? ''} onChange={event => setSizeBy(event.target.value)}><option value="">{t('work.sizeNone')}</option>{sizes.map(field => <option key={field.name} value={field.name}>{called(field.label)}</option>)}</select></label>
      <div className="switch" role="group" aria-label={t('work.look')}>{looks.map(([one, said]) => <button key={one} aria-pressed={one === look} onClick={() => setLookParam(one === 'points' ? '' : one)}>{said()}</button>)}</div>
    </header>
    <div className="work">
      <div className="work-map" data-drawing={tool ?? undefined}>
        <Suspense fallback={<Skeleton lines={8} />}><MapView label={t('work.title')} land={me.map} search onStyle={onStyle}>
          {tool && map.current && <Draw map={map.current} tool={tool} onDone={took} onLeave={() => setTool(null)} />}
          <div className="work-tools" role="toolbar" aria-label={t('work.choose')} aria-orientation="vertical">
            {tools.map(([name, icon, said]) => <button key={name} aria-pressed={tool === name} aria-label={said()} title={said()} onClick={() => setTool(tool === name ? null : name)}><Icon name={icon} /></button>)}
            <button aria-label={t('work.inView')} title={t('work.inView')} onClick={inView}><Icon name="fit" /></button>
            <button aria-label={t('work.invert')} title={t('work.invert')} onClick={() => setSteps(withStep(steps, { mode: 'invert' }))}><Icon name="invert" /></button>
            <button aria-label={t('work.stepBack')} title={t('work.stepBack')} disabled={steps.length === 0} onClick={() => setSteps(steps.slice(0, -1))}><Icon name="undo" /></button>
            {now.current.mayAdd && <button aria-label={t('work.addLead')} title={t('work.addLeadHint')} onClick={() => { const centre = map.current?.getCenter(); if (centre) setLeadAt([centre.lng, centre.lat]); }}><Icon name="plus" /></button>}
          </div>
          {(tool || steps.length > 0) && <div className="switch work-modes" role="group" aria-label={t('work.mode')}>{modes.map(([one, said]) => <button key={one} aria-pressed={one === mode} onClick={() => setMode(one)}>{said()}</button>)}</div>}
          {place !== null && <aside className="work-card" aria-label={found!.titles[place]}>
            <header><b>{found!.titles[place]}</b><button aria-label={t('common.close')} onClick={() => setOpen(null)}><Icon name="close" size={16} /></button></header>
            <dl className="facts">{[colourField, sizeField].map(field => field && found!.values[field.name] && <div key={field.name}><dt>{called(field.label)}</dt><dd>{words(field, found!.values[field.name]![place], found!.labels[field.name], me.organisation.currency)}</dd></div>)}</dl>
            <Link className="button" href={`/${kind.plural}/${found!.ids[place]}`}>{t('work.open')}</Link>
          </aside>}
        </MapView></Suspense>
      </div>
      {places.error && !found ? <aside className="work-panel"><Failed problem={places.error} retry={() => void places.refetch()} /></aside>
        : !found ? <aside className="work-panel"><Skeleton lines={8} /></aside>
        : <Result me={me} kind={kind} places={found} busy={places.isPlaceholderData} colourField={colourField} sizeField={sizeField} scale={scale} inks={inks} most={size.most} hidden={hidden} onFlip={flip}
          selection={selection} visible={visible} onClear={() => { setSteps([]); setTool(null); }} onChanged={() => void queries.invalidateQueries()} />}
    </div>
    {leadAt && <AddLead me={me} at={leadAt} onClose={() => setLeadAt(null)} onAdded={() => void queries.invalidateQueries({ queryKey: ['leads'] })} />}
  </>;
}
