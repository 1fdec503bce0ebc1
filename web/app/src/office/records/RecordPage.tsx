// One record of any kind: its facts, changed in place; what belongs to it; what was said and done; what happened.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { call, get, Problem } from '../../api/client';
import type { Me, Page, Point, TimelineEvent } from '../../api/types';
import { t } from '../../i18n';
import { Icon } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { remember } from '../Palette';
import { Timeline } from '../Timeline';
import { Activities } from './Activities';
import { undoSet, type ChangeSet } from './BulkDialog';
import { ConvertDialog } from './ConvertDialog';
import { Files } from './Files';
import { called, fieldOf, labelName, settable, show, titleOf, tone, useKinds, spoken, type Kind, type KindField, type Row } from './kinds';
import { RecordDialog } from './RecordDialog';
import { useRecord, useRecords } from './useRecords';

const MapView = lazy(() => import('../../map/MapView').then(module => ({ default: module.MapView })));

export function RecordPage({ me, plural, id }: { me: Me; plural: string; id: string }) {
  const kinds = useKinds();
  const kind = kinds.data?.find(one => one.plural === plural);
  const record = useRecord(kind, id);
  const [, navigate] = useLocation();
  const [editing, setEditing] = useState<string[] | true | null>(null);
  const [converting, setConverting] = useState(false);
  const queries = useQueryClient();
  useEffect(() => { if (record.data && kind) { document.title = titleOf(kind, record.data); remember(`/${kind.plural}/${id}`, titleOf(kind, record.data), called(kind.label)); } }, [record.data, kind]);
  const back = <Link href={`/${plural}`} className="button" data-look="plain" data-square aria-label={t('common.back')}><Icon name="left" size={18} /></Link>;
  const problem = kinds.error ?? record.error;
  if (problem) return <><header className="page-head">{back}</header><Failed problem={problem} retry={() => { void kinds.refetch(); void record.refetch(); }} /></>;
  if (kinds.data && !kind) return <Empty title={t('problem.notFound')} hint={t('problem.notFoundHint')} />;
  const row = record.data;
  if (!kind || !row) return <><header className="page-head">{back}</header><Skeleton lines={10} /></>;
  const state = kind.fields.find(field => ['stage', 'state', 'status'].includes(field.name));
  async function remove() {
    try {
      const set = await call<ChangeSet>('DELETE', `/${kind!.plural}/${row!.id}`, { version: row!.version });
      void queries.invalidateQueries({ queryKey: [kind!.plural] });
      navigate(`/${kind!.plural}`);
      toast(t('records.removed', { title: titleOf(kind!, row!) }), { undo: () => { undoSet(set.id).then(() => { void queries.invalidateQueries(); navigate(`/${kind!.plural}/${row!.id}`); }, toastProblem); } });
    } catch (problem) { if (problem instanceof Problem && problem.detail) toast(problem.detail, { tone: 'danger' }); else toastProblem(problem); }
  }
  return <>
    <header className="page-head">{back}<h1 className="ellipsis">{titleOf(kind, row)}</h1>
      {state && <span className="chip" data-tone={tone(String(row[state.name]))}>{show(state, row, '', '')}</span>}{typeof row.number === 'string' && kind.title !== 'number' && <span className="quiet">{row.number}</span>}
      <span className="gap" />
      {kind.name === 'lead' && row.state !== 'converted' && kind.writable && me.rights.includes('account.write') && <button className="button" data-look="primary" onClick={() => setConverting(true)}>{t('leads.convert')}</button>}
      {kind.writable && !kind.acts && <><button className="button" onClick={() => setEditing(true)}>{t('records.edit')}</button><button className="button" data-look="plain" onClick={() => void remove()}>{t('records.remove')}</button></>}
    </header>
    <div className="record">
      <div className="record-main">
        {state?.next && kind.writable && (state.next[String(row[state.name])] ?? []).length > 0 && <NextStates kind={kind} field={state} row={row} onNeed={names => setEditing(names)} />}
        <Facts me={me} kind={kind} row={row} skip={['number', 'open', 'currency', ...(state ? [state.name] : [])]} onEdit={name => setEditing([name])} />
        <Related me={me} kind={kind} row={row} />
        {me.rights.includes('activity.read') && <Files me={me} kind={kind.name} id={row.id} />}
      </div>
      <div className="record-side plain">
        {Array.isArray(row.point) && <div className="record-map"><Suspense fallback={<Skeleton lines={6} />}><MapView label={t('map.label')} land={me.map} fitKey={row.id} hovered={null} onHover={() => undefined} pins={[{ id: row.id, point: row.point as Point, text: '', look: 'site' as const }]} /></Suspense></div>}
        {me.rights.includes('activity.read') && ['lead', 'deal', 'case', 'contact'].includes(kind.name) && <Activities me={me} about={kind.name} row={row} />}
        <History me={me} kind={kind} id={row.id} version={row.version} />
      </div>
    </div>
    {editing && <RecordDialog kind={kind} row={row} only={editing === true ? undefined : editing} onClose={() => setEditing(null)} />}
    {converting && <ConvertDialog me={me} lead={row} onClose={() => setConverting(false)} />}
  </>;
}

/** The states that may come next, one press each; one that needs a field opens the form for it. */
function NextStates({ kind, field, row, onNeed }: { kind: Kind; field: KindField; row: Row; onNeed: (fields: string[]) => void }) {
  const queries = useQueryClient();
  async function go(to: string) {
    const lacking = (field.needs?.[to] ?? []).filter(name => row[name] === null || row[name] === '' || row[name] === undefined);
    if (lacking.length) { onNeed([field.name, ...lacking]); return; }
    try { await call('PATCH', `/${kind.plural}/${row.id}`, { version: row.version, body: { [field.name]: to } }); void queries.invalidateQueries(); } catch (problem) { toastProblem(problem); }
  }
  return <div className="next-states" role="group" aria-label={called(field.label)}>{(field.next![String(row[field.name])] ?? []).map(to => <button key={to} className="button" onClick={() => void go(to)}>{called(field.options!.find(option => option.value === to)!.label)}</button>)}</div>;
}

export function Facts({ me, kind, row, onEdit, skip = [] }: { me: Me; kind: Kind; row: Row; onEdit: (field: string) => void; skip?: string[] }) {
  const kinds = useKinds();
  const shown = kind.fields.filter(field => !['id', 'version', kind.title, ...skip].includes(field.name) && !['point', 'refs', 'document'].includes(field.type));
  const filled = shown.filter(field => show(field, row, me.organisation.zone, me.organisation.currency) !== '');
  const empty = shown.filter(field => !filled.includes(field) && settable(kind, field) && !field.fixed);
  const value = (field: KindField): ReactNode => {
    const text = show(field, row, me.organisation.zone, me.organisation.currency);
    if (field.type === 'email') return <a href={`mailto:${text}`}>{text}</a>;
    if (field.type === 'phone') return <a href={`tel:${text.replace(/[^+\d]/g, '')}`}>{text}</a>;
    if (field.type === 'url') return <a href={text} rel="noreferrer noopener" target="_blank">{text.replace(/^https?:\/\//, '')}</a>;
    if (field.type === 'ref') { const other = kinds.data?.find(one => one.name === field.ref); return other && row[labelName(field.name)] && other.name !== 'site' && other.name !== 'resource' ? <Link href={`/${other.plural}/${String(row[field.name])}`}>{text}</Link> : text; }
    if (field.type === 'tags') return (row[field.name] as string[]).map(tag => <span key={tag} className="chip">{tag}</span>);
    if (field.type === 'enum') return <span className="chip" data-tone={tone(String(row[field.name]))}>{text}</span>;
    return <span className="pre">{text}</span>;
  };
  return <section><h2>{t('account.facts')}</h2><dl className="facts wide">{filled.map(field => <div key={field.name} className="fact"><dt>{called(field.label)}</dt><dd>{value(field)}{settable(kind, field) && !field.fixed && <button className="fact-edit" aria-label={t('records.editField', { field: called(field.label) })} onClick={() => onEdit(field.name)}>✎</button>}</dd></div>)}</dl>
    {empty.length > 0 && <p className="quiet empty-facts">{t('records.notFilled')} {empty.slice(0, 12).map((field, i) => <span key={field.name}>{i > 0 && ', '}<button className="link" onClick={() => onEdit(field.name)}>{called(field.label)}</button></span>)}</p>}
  </section>;
}

/** Lists of the records that refer to this one. */
export function Related({ me, kind, row }: { me: Me; kind: Kind; row: Row }) {
  const kinds = useKinds();
  const order = ['contact', 'deal', 'case', 'installation', 'contract', 'order', 'order_line', 'account', 'lead', 'product'];
  const related = (kinds.data ?? []).filter(one => order.includes(one.name)).flatMap(one => {
    const field = one.fields.find(each => each.type === 'ref' && each.ref === kind.name && each.name !== 'id' && (!each.read_only || one.name === 'lead'));
    return field && (kind.name !== 'product' || one.name !== 'order_line') ? [{ one, field }] : [];
  }).sort((a, b) => order.indexOf(a.one.name) - order.indexOf(b.one.name));
  return <>{related.map(({ one, field }) => <Children key={one.name} me={me} kind={one} field={field} parent={row} parentKind={kind} />)}</>;
}

function Children({ me, kind, field, parent, parentKind }: { me: Me; kind: Kind; field: KindField; parent: Row; parentKind: Kind }) {
  const [adding, setAdding] = useState(false);
  const [open, setOpen] = useState<Row | null>(null);
  const list = useRecords(kind, { filter: `${field.name} = ${parent.id}` });
  const given: Record<string, unknown> = { [field.name]: parent.id, [labelName(field.name)]: titleOf(parentKind, parent) };
  if (parent.account_id && fieldOf(kind, 'account_id')) { given.account_id = parent.account_id; given.account = parent.account; }
  const extra = ['role', 'stage', 'state', 'status', 'amount', 'total', 'yearly', 'phone', 'quantity', 'priority', 'serial', 'close_on', 'installed_on', 'end_on'].map(name => fieldOf(kind, name)).filter((one): one is KindField => !!one).slice(0, 4);
  const link = kind.name !== 'order_line';
  if (list.rows.length === 0 && (!kind.writable || kind.name === 'lead' || field.read_only)) return null;
  return <section><h2 className="head-with"><span>{called(kind.many)} {list.rows.length > 0 && <span className="quiet">{list.rows.length}{list.more && '+'}</span>}</span>{kind.writable && !kind.acts && !field.read_only && <button className="button" onClick={() => setAdding(true)}><Icon name="plus" size={16} />{t('records.addOne', { kind: spoken(kind) })}</button>}</h2>
    {list.isPending ? <Skeleton lines={2} /> : list.error ? <Failed problem={list.error} retry={() => void list.refetch()} /> : list.rows.length === 0 ? <p className="quiet">{t('records.noneYet')}</p>
      : <ul className="lines">{list.rows.slice(0, 20).map(row => <li key={row.id}><div>{link ? <Link href={`/${kind.plural}/${row.id}`}><b>{titleOf(kind, row)}</b></Link> : <button className="plain-line" onClick={() => setOpen(row)}><b>{titleOf(kind, row)}</b></button>}
        <p className="quiet">{extra.filter(one => one.type !== 'enum').map(one => show(one, row, me.organisation.zone, String(row.currency || parent.currency || me.organisation.currency))).filter(Boolean).join(' · ')}</p></div>
        {extra.filter(one => one.type === 'enum').slice(0, 1).map(one => <span key={one.name} className="chip" data-tone={tone(String(row[one.name]))}>{show(one, row, '', '')}</span>)}</li>)}
        {list.rows.length > 20 && <li><Link href={`/${kind.plural}?f=${encodeURIComponent(`${field.name}:in:${parent.id}`)}`}>{t('records.showAll')}</Link></li>}</ul>}
    {adding && <RecordDialog kind={kind} given={given} onClose={() => setAdding(false)} />}
    {open && <RecordDialog kind={kind} row={open} onClose={() => setOpen(null)} />}
  </section>;
}

function History({ me, kind, id, version }: { me: Me; kind: Kind; id: string; version: number }) {
  const history = useQuery({ queryKey: [kind.name, id, 'history', version], queryFn: ({ signal }) => get<Page<TimelineEvent>>(`/${kind.plural}/${id}/history`, { limit: 50 }, signal) });
  return <section className="record-timeline"><h2>{t('account.timeline')}</h2>{history.isPending ? <Skeleton lines={6} /> : history.error ? <Failed problem={history.error} retry={() => void history.refetch()} /> : <Timeline events={history.data.items} zone={me.organisation.zone} />}</section>;
}
