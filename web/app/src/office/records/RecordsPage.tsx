// The list of one kind of record: search, conditions, views, columns, bulk changes; as a grid, or deals on a board.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { download } from '../../api/bytes';
import { call, get, patch, post } from '../../api/client';
import type { Me, Page } from '../../api/types';
import { language, number, t } from '../../i18n';
import { Icon } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { useParam } from '../lists/useList';
import { items } from '../queries';
import { BulkDialog } from './BulkDialog';
import { filterOf, fromAddress, toAddress } from './filter';
import { FilterBar } from './FilterBar';
import { called, onMap, usualColumns, useKinds, spoken, spokenMany, type Kind, type KindField } from './kinds';
import { RecordDialog } from './RecordDialog';
import { RecordGrid } from './RecordGrid';
import { useCount, useRecords } from './useRecords';

const DealBoard = lazy(() => import('./DealBoard').then(module => ({ default: module.DealBoard })));

export function RecordsPage({ me, plural }: { me: Me; plural: string }) {
  const kinds = useKinds();
  const kind = kinds.data?.find(one => one.plural === plural);
  if (kinds.error) return <Failed problem={kinds.error} retry={() => void kinds.refetch()} />;
  if (kinds.isPending) return <Skeleton lines={14} />;
  if (!kind) return <Empty title={t('problem.forbidden')} hint={t('problem.forbiddenHint')} />;
  return <Records key={kind.name} me={me} kind={kind} />;
}

interface View { id: string; name: string; filter: string; q: string; sort: string; columns: string[]; layer: { f?: string; look?: string }; shared: boolean; owner_id: string; owner_name: string; version: number }

function Records({ me, kind }: { me: Me; kind: Kind }) {
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const [q, setQ, settled] = useParam('q', 200);
  const [f, setF] = useParam('f');
  const [sort, setSort] = useParam('sort');
  const [look, setLook] = useParam('look');
  const [shownColumns, setShownColumns] = useParam('columns');
  const [view, setView] = useParam('view');
  const [adding, setAdding] = useState(() => new URLSearchParams(location.search).has('add'));
  const [bulk, setBulk] = useState(false);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const conditions = useMemo(() => fromAddress(f), [f]);
  const asked = { q: kind.searched ? settled : undefined, filter: filterOf(kind, conditions), sort: sort || undefined };
  const board = kind.name === 'deal' && look === 'board';
  const list = useRecords(kind, asked, !board);
  const count = useCount(kind, asked);
  useEffect(() => { document.title = `${called(kind.many)} · ${me.organisation.name}`; }, [kind, me]);
  useEffect(() => setSelected(new Set()), [f, settled]);
  const names = shownColumns ? shownColumns.split(',') : usualColumns(kind);
  const columns = names.map(name => kind.fields.find(field => field.name === name)).filter((field): field is KindField => !!field);
  const narrowed = !!settled || conditions.length > 0;
  const open = (id: string) => navigate(`/${kind.plural}/${id}`);
  return <>
    <header className="page-head"><h1>{called(kind.many)}</h1>
      {kind.searched && <label className="day-find wide"><span className="spoken">{t('records.search')}</span><Icon name="search" size={16} /><input type="search" placeholder={t('records.search')} value={q} onChange={event => setQ(event.target.value)} /></label>}
      <ViewMenu me={me} kind={kind} current={view} state={{ f, q: settled, sort, columns: names, look }} onChoose={chosen => { setView(chosen?.id ?? ''); setF(chosen?.layer.f ?? ''); setQ(chosen?.q ?? ''); setSort(chosen?.sort ?? ''); setLook(chosen?.layer.look ?? ''); setShownColumns(chosen?.columns.join(',') ?? ''); }} />
      <span className="gap" />
      {count !== undefined && <span className="quiet" role="status">{t('records.count', { n: count })}</span>}
      {kind.name === 'deal' && <div className="switch" role="group" aria-label={t('records.look')}><button aria-pressed={!board} onClick={() => setLook('')}>{t('records.table')}</button><button aria-pressed={board} onClick={() => setLook('board')}>{t('records.board')}</button></div>}
      {onMap(kind) && <Link className="button" data-look="plain" href={`/map?${new URLSearchParams({ kind: kind.plural, ...settled && { q: settled }, ...f && { f } })}`}><Icon name="map" size={16} />{t('nav.map')}</Link>}
      {me.rights.includes('export.run') && !board && <ExportMenu kind={kind} which={selected.size ? { filter: `id in (${[...selected].slice(0, 90).join(', ')})` } : { q: asked.q || undefined, filter: asked.filter || undefined }} columns={names} sort={sort} />}
      {!board && <ColumnMenu kind={kind} names={names} onChange={next => setShownColumns(next.join(','))} />}
      {kind.writable && !kind.acts && <button className="button" data-look="primary" onClick={() => setAdding(true)}><Icon name="plus" size={16} />{t('records.addOne', { kind: spoken(kind) })}</button>}
    </header>
    <div className="list-tools"><FilterBar kind={kind} conditions={conditions} onChange={next => setF(toAddress(next))} />
      {selected.size > 0 && <div className="selection"><span>{t('records.selected', { n: selected.size })}</span>
        {kind.writable && me.rights.includes('bulk.write') && <button className="button" onClick={() => setBulk(true)}>{t('bulk.change')}</button>}
        <button className="link" onClick={() => setSelected(new Set())}>{t('common.clear')}</button></div>}
      {selected.size === 0 && narrowed && kind.writable && me.rights.includes('bulk.write') && !board && <button className="link" onClick={() => setBulk(true)}>{t('bulk.changeAll', { n: number(count ?? 0) })}</button>}
    </div>
    {board ? <Suspense fallback={<Skeleton lines={10} />}><DealBoard me={me} kind={kind} asked={asked} onOpen={open} /></Suspense>
      : list.isPending ? <Skeleton lines={14} /> : list.error && list.rows.length === 0 ? <Failed problem={list.error} retry={() => void list.refetch()} />
      : list.rows.length === 0 ? narrowed ? <Empty title={t('records.none')} hint={t('records.noneHint')}><button className="button" onClick={() => { setQ(''); setF(''); }}>{t('common.clear')}</button></Empty>
        : <Empty icon="list" title={t('records.empty', { kind: spokenMany(kind) })} hint={t('records.emptyHint')}>{kind.writable && !kind.acts && <button className="button" data-look="primary" onClick={() => setAdding(true)}>{t('records.addOne', { kind: spoken(kind) })}</button>}</Empty>
      : <RecordGrid kind={kind} rows={list.rows} columns={columns} zone={me.organisation.zone} currency={me.organisation.currency} sort={sort || kind.sorted} onSort={setSort} onOpen={row => open(row.id)} selected={selected} onSelect={setSelected} more={list.more} loadingMore={list.isFetchingNextPage} patchRow={list.patchRow} />}
    {adding && <RecordDialog kind={kind} onClose={() => setAdding(false)} onSaved={row => { if (kind.name !== 'deal' || !board) open(row.id); }} />}
    {bulk && <BulkDialog kind={kind} which={selected.size ? { ids: [...selected] } : { q: asked.q, filter: asked.filter }} count={selected.size || count || 0} onClose={() => setBulk(false)} onDone={() => { setSelected(new Set()); void queries.invalidateQueries({ queryKey: [kind.plural] }); }} />}
  </>;
}

function useMenu(): [boolean, (open: boolean) => void, (node: HTMLElement | null) => void] {
  const [open, setOpen] = useState(false);
  const [box, setBox] = useState<HTMLElement | null>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => { if (event instanceof KeyboardEvent ? event.key === 'Escape' : !box?.contains(event.target as Node)) setOpen(false); };
    addEventListener('pointerdown', away);
    addEventListener('keydown', away);
    return () => { removeEventListener('pointerdown', away); removeEventListener('keydown', away); };
  }, [open, box]);
  return [open, setOpen, setBox];
}

function ExportMenu({ kind, which, columns, sort }: { kind: Kind; which: { q?: string; filter?: string }; columns: string[]; sort: string }) {
  const [open, setOpen, box] = useMenu();
  const [busy, setBusy] = useState(false);
  async function take(format: string) {
    setBusy(true);
    try { await download('/exports/list', { ...which, kind: kind.name, format, ...(format === 'csv' || format === 'xlsx' ? { columns, language: language() } : {}), ...(sort ? { sort } : {}) }); setOpen(false); } catch (problem) { toastProblem(problem); }
    setBusy(false);
  }
  const formats: [string, string][] = [['csv', 'CSV'], ['xlsx', 'Excel'], ...(kind.placed ? [['geojson', 'GeoJSON'] as [string, string]] : []), ...(kind.name === 'contact' || kind.name === 'account' ? [['vcard', 'vCard'] as [string, string]] : [])];
  return <span className="anchor" ref={box}><button className="button" data-look="plain" aria-expanded={open} onClick={() => setOpen(!open)}>{t('records.export')}</button>
    {open && <ul className="popover right menu">{formats.map(([format, name]) => <li key={format}><button disabled={busy} onClick={() => void take(format)}>{name}</button></li>)}</ul>}</span>;
}

function ColumnMenu({ kind, names, onChange }: { kind: Kind; names: string[]; onChange: (names: string[]) => void }) {
  const [open, setOpen, box] = useMenu();
  const fields = kind.fields.filter(field => !['id', 'version'].includes(field.name) && !['document', 'refs'].includes(field.type));
  const toggle = (name: string) => onChange(names.includes(name) ? names.filter(one => one !== name) : [...names, name]);
  const move = (name: string, by: number) => { const i = names.indexOf(name), next = [...names]; next.splice(i, 1); next.splice(Math.max(0, Math.min(next.length, i + by)), 0, name); onChange(next); };
  return <span className="anchor" ref={box}><button className="button" data-look="plain" aria-expanded={open} onClick={() => setOpen(!open)}>{t('records.columns')}</button>
    {open && <div className="popover right columns-menu"><ul>{[...names.map(name => fields.find(field => field.name === name)).filter((field): field is KindField => !!field), ...fields.filter(field => !names.includes(field.name))].map(field => <li key={field.name}>
      <label className="check"><input type="checkbox" checked={names.includes(field.name)} disabled={names.length === 1 && names[0] === field.name} onChange={() => toggle(field.name)} />{called(field.label)}</label>
      {names.includes(field.name) && <span><button className="link" aria-label={t('records.earlier', { column: called(field.label) })} onClick={() => move(field.name, -1)}>↑</button><button className="link" aria-label={t('records.later', { column: called(field.label) })} onClick={() => move(field.name, 1)}>↓</button></span>}
    </li>)}</ul></div>}
  </span>;
}

function ViewMenu({ me, kind, current, state, onChoose }: { me: Me; kind: Kind; current: string; state: { f: string; q: string; sort: string; columns: string[]; look: string }; onChoose: (view: View | null) => void }) {
  const queries = useQueryClient();
  const views = useQuery({ queryKey: ['views', kind.name], queryFn: async () => items(await get<Page<View>>('/views', { kind: kind.name, limit: 500 })) });
  const [open, setOpen, box] = useMenu();
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const chosen = views.data?.find(one => one.id === current);
  useEffect(() => { if (chosen && !state.f && !state.q && !state.sort) onChoose(chosen); }, [chosen?.id]); // a link to a view shows it
  const body = (called: string, share: boolean) => ({ kind: kind.name, name: called, q: state.q, sort: state.sort, filter: filterOf(kind, fromAddress(state.f)), columns: state.columns, layer: { f: state.f, look: state.look }, shared: share });
  async function save(fresh: boolean) {
    try {
      const saved = fresh || !chosen ? await post<View>('/views', body(name.trim(), shared)) : await patch<View>(`/views/${chosen.id}`, chosen.version, body(chosen.name, chosen.shared));
      await queries.invalidateQueries({ queryKey: ['views'] });
      setName('');
      setOpen(false);
      onChoose(saved);
      toast(t('view.saved', { name: saved.name }));
    } catch (problem) { toastProblem(problem); }
  }
  async function remove(one: View) {
    try { await call('DELETE', `/views/${one.id}`, { version: one.version }); await queries.invalidateQueries({ queryKey: ['views'] }); if (one.id === current) onChoose(null); } catch (problem) { toastProblem(problem); }
  }
  return <span className="anchor" ref={box}><button className="button" data-look="plain" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name="eye" size={16} />{chosen?.name ?? t('view.all')}<Icon name="down" size={14} /></button>
    {open && <div className="popover views-menu">
      <ul><li><button className="menu-line" aria-pressed={!current} onClick={() => { onChoose(null); setOpen(false); }}>{t('view.all')}</button></li>
        {(views.data ?? []).map(one => <li key={one.id}><button className="menu-line" aria-pressed={one.id === current} onClick={() => { onChoose(one); setOpen(false); }}><span className="ellipsis">{one.name}</span>{one.shared && <span className="chip">{one.owner_id === me.id ? t('view.shared') : one.owner_name || t('view.shared')}</span>}</button>
          {one.owner_id === me.id && <button className="link" aria-label={t('view.remove', { name: one.name })} onClick={() => void remove(one)}>✕</button>}</li>)}</ul>
      <form onSubmit={event => { event.preventDefault(); if (name.trim()) void save(true); }}>
        <input className="input" aria-label={t('view.name')} placeholder={t('view.name')} value={name} maxLength={100} onChange={event => setName(event.target.value)} />
        <label className="check"><input type="checkbox" checked={shared} onChange={event => setShared(event.target.checked)} />{t('view.share')}</label>
        <div className="row"><button className="button" data-look="primary" disabled={!name.trim()}>{t('view.saveNew')}</button>{chosen?.owner_id === me.id && <button type="button" className="button" onClick={() => void save(false)}>{t('view.save')}</button>}
          <button type="button" className="button" data-look="plain" onClick={() => { void navigator.clipboard?.writeText(location.href); toast(t('view.copied')); }}>{t('view.copy')}</button></div>
      </form>
    </div>}
  </span>;
}
