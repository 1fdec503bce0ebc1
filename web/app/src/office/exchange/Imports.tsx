// Bringing files of records in: choose a file, say what its columns mean, see what would happen, run it, take it back.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { sendBytes } from '../../api/bytes';
import { call, get, patch, post, Problem, uuid7 } from '../../api/client';
import type { Me, Page } from '../../api/types';
import { number, say, t } from '../../i18n';
import { moment } from '../../i18n/format';
import { Icon } from '../../ui/icons';
import { Empty, Failed, problemText, Skeleton } from '../../ui/states';
import { toastProblem } from '../../ui/toast';
import { items } from '../queries';
import { called, useKinds, type Label } from '../records/kinds';

interface Counts { new: number; changed: number; same: number; duplicate: number; wrong: number; noted: number }
interface Options { existing: string; locate: boolean; decimal: string; dates: string }
interface Import { id: string; name: string; kind: string; format: string; size: number; state: string; share: number; header: string[]; mapping: Record<string, string>; options: Options; rows: number; counts: Counts; checked: Counts | null; change_set_id: string | null; error?: string; created_at: string; version: number }
interface Target { name: string; label: Label; type: string; required: boolean }
interface Preview { line: number; verdict: string; field?: string; reason?: string; notes: string[]; values: Record<string, unknown>; address?: string; cells: string[] }

const busy = (one: Import) => ['announced', 'reading', 'checking', 'running', 'undoing'].includes(one.state);
const verdictTone: Record<string, string> = { new: 'ok', changed: 'accent', duplicate: 'warn', wrong: 'danger' };

export function ImportsPage({ me }: { me: Me }) {
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [sending, setSending] = useState<{ name: string; share: number } | null>(null);
  const [over, setOver] = useState(false);
  const [wrong, setWrong] = useState('');
  const list = useQuery({ queryKey: ['imports'], queryFn: async () => items(await get<Page<Import>>('/imports', { limit: 100 })) });
  useEffect(() => { document.title = `${t('imports.title')} · ${me.organisation.name}`; }, [me]);
  async function send(file: File | undefined) {
    if (!file) return;
    setWrong('');
    setSending({ name: file.name, share: 0 });
    try {
      const made = await post<Import>('/imports', { id: uuid7(), name: file.name.slice(0, 200) });
      await sendBytes(`/imports/${made.id}/content`, file, share => setSending({ name: file.name, share }));
      void queries.invalidateQueries({ queryKey: ['imports'] });
      navigate(`/imports/${made.id}`);
    } catch (problem) { setWrong(problem instanceof Problem && problem.detail ? problem.detail : problemText(problem).title); }
    setSending(null);
  }
  return <>
    <header className="page-head"><h1>{t('imports.title')}</h1></header>
    <div className="settings" tabIndex={0}>
      <div className="drop" data-over={over || undefined} onDragOver={event => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={event => { event.preventDefault(); setOver(false); void send(event.dataTransfer.files[0]); }}>
        <p><b>{t('imports.drop')}</b></p><p className="quiet">{t('imports.formats')}</p>
        <button className="button" data-look="primary" disabled={!!sending} onClick={() => input.current!.click()}>{sending ? t('files.sending', { name: sending.name, percent: Math.round(sending.share * 100) }) : t('imports.choose')}</button>
        <input ref={input} type="file" hidden aria-label={t('imports.choose')} accept=".csv,.txt,.xlsx,.geojson,.json,.vcf" onChange={event => { void send(event.target.files?.[0]); event.target.value = ''; }} />
      </div>
      {wrong && <p className="banner" data-tone="danger" role="alert">{wrong}</p>}
      {list.isPending ? <Skeleton lines={6} /> : list.error ? <Failed problem={list.error} retry={() => void list.refetch()} /> : list.data.length === 0 ? null
        : <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('settings.state')}</th><th scope="col" className="number">{t('imports.rows')}</th><th scope="col">{t('changes.when')}</th></tr></thead>
          <tbody>{list.data.map(one => <tr key={one.id}><th scope="row"><Link href={`/imports/${one.id}`}>{one.name}</Link></th><td><span className="chip" data-tone={one.state === 'done' ? 'ok' : one.state === 'failed' ? 'danger' : undefined}>{say(`importState.${one.state}`, one.state)}</span></td><td className="number">{number(one.rows)}</td><td className="quiet">{moment(one.created_at, me.organisation.zone)}</td></tr>)}</tbody></table>}
    </div>
  </>;
}

export function ImportPage({ id }: { id: string }) {
  const queries = useQueryClient();
  const kinds = useKinds();
  const one = useQuery({ queryKey: ['import', id], queryFn: ({ signal }) => get<Import>(`/imports/${id}`, undefined, signal), refetchInterval: query => query.state.data && busy(query.state.data) ? 700 : false });
  const data = one.data;
  const targets = useQuery({ queryKey: ['import-targets', data?.kind], enabled: !!data?.kind, staleTime: 300_000, queryFn: async () => items(await get<Page<Target>>('/import-targets', { kind: data!.kind, limit: 500 })) });
  const ready = !!data && !busy(data) && data.state !== 'failed';
  const preview = useQuery({ queryKey: ['import-preview', id, data?.version], enabled: ready && Object.keys(data?.mapping ?? {}).length > 0 && ['ready', 'checked'].includes(data!.state), queryFn: async () => (await get<{ items: Preview[] }>(`/imports/${id}/preview`, { rows: 12 })).items });
  const faults = useQuery({ queryKey: ['import-faults', id, data?.state, data?.counts], enabled: ready, queryFn: async () => items(await get<Page<{ line: number; verdict: string; field?: string; reason: string; cells: string[] }>>(`/imports/${id}/faults`, { limit: 50 })) });
  useEffect(() => { if (data) document.title = data.name; }, [data]);
  const back = <Link href="/imports" className="button" data-look="plain" data-square aria-label={t('common.back')}><Icon name="left" size={18} /></Link>;
  if (one.error) return <><header className="page-head">{back}</header><Failed problem={one.error} retry={() => void one.refetch()} /></>;
  if (!data) return <><header className="page-head">{back}</header><Skeleton lines={8} /></>;
  const keep = (fresh: Import) => queries.setQueryData(['import', id], fresh);
  const change = (body: Record<string, unknown>) => { patch<Import>(`/imports/${id}`, data.version, body).then(keep, problem => { toastProblem(problem); void one.refetch(); }); };
  const act = (what: string) => { post<Import>(`/imports/${id}/${what}`).then(fresh => { keep(fresh); void one.refetch(); }, toastProblem); };
  const editable = ['ready', 'checked'].includes(data.state);
  const mapped = data.mapping;
  const ofColumn = (column: string) => Object.entries(mapped).find(([, from]) => from === column)?.[0] ?? '';
  const assign = (column: string, target: string) => { const next = Object.fromEntries(Object.entries(mapped).filter(([to, from]) => from !== column && to !== target)); if (target) next[target] = column; change({ mapping: next }); };
  const missing = (targets.data ?? []).filter(target => target.required && !mapped[target.name]);
  const counts = data.state === 'checked' && data.checked ? data.checked : data.counts;
  return <>
    <header className="page-head">{back}<h1 className="ellipsis">{data.name}</h1><span className="chip" data-tone={data.state === 'done' ? 'ok' : data.state === 'failed' ? 'danger' : undefined}>{say(`importState.${data.state}`, data.state)}</span>{data.rows > 0 && <span className="quiet">{t('imports.rowsOf', { n: data.rows })}</span>}<span className="gap" />
      {busy(data) && data.state !== 'announced' && <button className="button" onClick={() => act('stop')}>{t('imports.stop')}</button>}
      {editable && <><button className="button" disabled={missing.length > 0} onClick={() => act('check')}>{t('imports.check')}</button><button className="button" data-look="primary" disabled={missing.length > 0} onClick={() => act('run')}>{t('imports.run')}</button></>}
      {data.state === 'stopped' && <button className="button" data-look="primary" onClick={() => act('run')}>{t('imports.goOn')}</button>}
      {['done', 'stopped'].includes(data.state) && data.change_set_id && <button className="button" onClick={() => act('undo')}>{t('imports.undo')}</button>}
    </header>
    <div className="settings" tabIndex={0}>
      {data.error && <p className="banner" data-tone="danger" role="alert">{data.error}</p>}
      {busy(data) && <div className="progress" role="progressbar" aria-valuenow={Math.round(data.share * 100)} aria-label={say(`importState.${data.state}`, data.state)}><span style={{ width: `${Math.max(2, data.share * 100)}%` }} /></div>}
      {(data.checked || ['running', 'done', 'stopped', 'undone', 'undoing', 'checking'].includes(data.state)) && <ul className="counts">{(['new', 'changed', 'same', 'duplicate', 'wrong', 'noted'] as const).map(key => <li key={key}><b>{number(counts[key])}</b><span className="chip" data-tone={verdictTone[key]}>{say(`verdict.${key}`, key)}</span></li>)}</ul>}
      {editable && <>
        <div className="row import-options">
          <label className="mini">{t('imports.kind')}<select value={data.kind} onChange={event => change({ kind: event.target.value })}>{(kinds.data ?? []).filter(kind => kind.writable && !kind.acts && kind.fields.some(field => field.name === 'tags')).map(kind => <option key={kind.name} value={kind.name}>{called(kind.many)}</option>)}</select></label>
          <label className="mini">{t('imports.existing')}<select value={data.options.existing} onChange={event => change({ options: { ...data.options, existing: event.target.value } })}>{['update', 'fill', 'skip', 'add'].map(value => <option key={value} value={value}>{say(`existing.${value}`, value)}</option>)}</select></label>
          <label className="mini">{t('imports.decimal')}<select value={data.options.decimal} onChange={event => change({ options: { ...data.options, decimal: event.target.value } })}><option value=".">1234.5</option><option value=",">1234,5</option></select></label>
          <label className="mini">{t('imports.dates')}<select value={data.options.dates} onChange={event => change({ options: { ...data.options, dates: event.target.value } })}><option value="dmy">31.12.2026</option><option value="mdy">12/31/2026</option></select></label>
          <label className="check"><input type="checkbox" checked={data.options.locate} onChange={event => change({ options: { ...data.options, locate: event.target.checked } })} />{t('imports.locate')}</label>
        </div>
        {missing.length > 0 && <p className="banner" role="status">{t('imports.missing', { fields: missing.map(target => called(target.label)).join(', ') })}</p>}
        <div className="scroll-x"><table className="table mapping"><thead><tr>{data.header.map((column, i) => <th key={i} scope="col"><span className="ellipsis block">{column}</span><select aria-label={t('imports.means', { column })} value={ofColumn(column)} onChange={event => assign(column, event.target.value)}><option value="">{t('imports.ignore')}</option>{(targets.data ?? []).map(target => <option key={target.name} value={target.name}>{called(target.label)}{target.required ? ' *' : ''}</option>)}</select></th>)}<th scope="col">{t('imports.becomes')}</th></tr></thead>
          <tbody>{preview.isPending ? null : (preview.data ?? []).map(row => <tr key={row.line}>{data.header.map((_, i) => <td key={i} className="ellipsis">{row.cells[i] ?? ''}</td>)}<td><span className="chip" data-tone={verdictTone[row.verdict]}>{say(`verdict.${row.verdict}`, row.verdict)}</span> <span className="quiet">{[row.reason, ...row.notes].filter(Boolean).join(' · ')}</span></td></tr>)}</tbody></table></div>
        {preview.error && <p className="banner" data-tone="danger">{preview.error instanceof Problem ? preview.error.detail || preview.error.title : ''}</p>}
      </>}
      {(faults.data ?? []).length > 0 && <section><h2 className="head-with">{t('imports.faults')}<a className="button" href={`/api/v1/imports/${id}/report`} download>{t('imports.report')}</a></h2>
        <table className="table"><thead><tr><th scope="col" className="number">{t('imports.line')}</th><th scope="col">{t('bulk.field')}</th><th scope="col">{t('imports.why')}</th><th scope="col">{t('imports.cells')}</th></tr></thead><tbody>{faults.data!.map((fault, i) => <tr key={i}><td className="number">{fault.line}</td><td>{fault.field}</td><td>{fault.reason}</td><td className="quiet ellipsis">{fault.cells.join(' · ')}</td></tr>)}</tbody></table></section>}
      {data.state === 'done' && <p><Link className="button" href={`/${kinds.data?.find(kind => kind.name === data.kind)?.plural ?? 'accounts'}`}>{t('imports.look')}</Link></p>}
      {data.state === 'ready' && data.rows === 0 && <Empty title={t('imports.empty')} />}
      {['ready', 'failed', 'done', 'undone', 'stopped'].includes(data.state) && <p className="quiet"><button className="link" onClick={() => { call('DELETE', `/imports/${id}`).then(() => { void queries.invalidateQueries({ queryKey: ['imports'] }); history.back(); }, toastProblem); }}>{t('imports.forget')}</button></p>}
    </div>
  </>;
}
