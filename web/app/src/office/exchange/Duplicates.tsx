// Records that may be one and the same: side by side, made one with the values one chooses, or told apart for good.
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { get, post } from '../../api/client';
import type { Me, Page } from '../../api/types';
import { say, t } from '../../i18n';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { undoSet, type ChangeSet } from '../records/BulkDialog';
import { called, show, titleOf, useKinds, type Kind, type Row } from '../records/kinds';
import { useParam } from '../lists/useList';

interface Pair { id: string; kind: string; score: number; reasons: string[]; state: string; a: Row; b: Row }

export function DuplicatesPage({ me }: { me: Me }) {
  const kinds = useKinds();
  const [name, setName] = useParam('kind');
  const kind = kinds.data?.find(one => one.name === (name || 'account'));
  const list = useInfiniteQuery({ queryKey: ['duplicates', kind?.name], initialPageParam: '', enabled: !!kind, queryFn: ({ pageParam, signal }) => get<Page<Pair>>('/duplicates', { kind: kind!.name, limit: 30, cursor: pageParam || undefined }, signal), getNextPageParam: last => last.next || undefined });
  useEffect(() => { document.title = `${t('duplicates.title')} · ${me.organisation.name}`; }, [me]);
  const pairs = list.data?.pages.flatMap(page => page.items ?? []) ?? [];
  return <>
    <header className="page-head"><h1>{t('duplicates.title')}</h1><nav className="tabs" aria-label={t('duplicates.title')}>{['account', 'contact', 'lead'].map(one => { const each = kinds.data?.find(k => k.name === one); return each && <button key={one} className="button" data-look="plain" aria-pressed={kind?.name === one} onClick={() => setName(one)}>{called(each.many)}</button>; })}</nav></header>
    <div className="settings" tabIndex={0}>
      {list.isPending || !kind ? <Skeleton lines={10} /> : list.error ? <Failed problem={list.error} retry={() => void list.refetch()} /> : pairs.length === 0 ? <Empty icon="check" title={t('duplicates.none')} hint={t('duplicates.noneHint')} />
        : <>{pairs.map(pair => <PairCard key={pair.id} me={me} kind={kind} pair={pair} />)}{list.hasNextPage && <button className="button" onClick={() => void list.fetchNextPage()}>{t('records.showAll')}</button>}</>}
    </div>
  </>;
}

function PairCard({ me, kind, pair }: { me: Me; kind: Kind; pair: Pair }) {
  const queries = useQueryClient();
  const [left, right] = [pair.a, pair.b].sort((x, y) => String(x.created_at).localeCompare(String(y.created_at))) as [Row, Row];
  const [survivor, setSurvivor] = useState(left.id);
  const [choices, setChoices] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const fresh = () => queries.invalidateQueries();
  const fields = kind.fields.filter(field => !field.read_only && !['id', 'version'].includes(field.name) && !['tags', 'document', 'point'].includes(field.type) && (show(field, left, '', '') || show(field, right, '', '')));
  const value = (field: (typeof fields)[number], row: Row) => show(field, row, me.organisation.zone, me.organisation.currency);
  const chosen = (field: (typeof fields)[number]) => choices[field.name] ?? (value(field, survivor === left.id ? left : right) ? survivor : survivor === left.id ? right.id : left.id);
  async function merge() {
    setBusy(true);
    try {
      const done = await post<{ survivor: Row; moved: number; change_set: ChangeSet }>(`/${kind.plural}/merge`, { survivor, absorbed: [survivor === left.id ? right.id : left.id], choices: Object.fromEntries(fields.map(field => [field.name, chosen(field)])) });
      await fresh();
      toast(t('duplicates.merged', { title: titleOf(kind, done.survivor), n: done.moved }), { undo: () => { undoSet(done.change_set.id).then(() => void fresh(), toastProblem); } });
    } catch (problem) { setBusy(false); toastProblem(problem); }
  }
  const dismiss = () => { post(`/duplicates/${pair.id}/dismiss`).then(() => { void fresh(); toast(t('duplicates.dismissed'), { undo: () => { post(`/duplicates/${pair.id}/reopen`).then(() => void fresh(), toastProblem); } }); }, toastProblem); };
  return <section className="alike"><p className="row"><span className="chip" data-tone={pair.score >= 90 ? 'danger' : 'warn'}>{pair.score} %</span>{pair.reasons.map(reason => <span key={reason} className="chip">{say(`likeness.${reason}`, reason)}</span>)}</p>
    <table className="table"><thead><tr><th scope="col" />{[left, right].map(row => <th key={row.id} scope="col"><label className="check"><input type="radio" name={`survivor ${pair.id}`} checked={survivor === row.id} onChange={() => { setSurvivor(row.id); setChoices({}); }} /><Link href={`/${kind.plural}/${row.id}`}>{titleOf(kind, row)}</Link> <span className="quiet">{String(row.number ?? '')}</span></label></th>)}</tr></thead>
      <tbody>{fields.map(field => { const same = value(field, left) === value(field, right); return <tr key={field.name}><th scope="row" className="quiet">{called(field.label)}</th>{[left, right].map(row => <td key={row.id}>{same ? <span className="quiet">{value(field, row)}</span> : value(field, row) ? <label className="check"><input type="radio" name={`${field.name} ${pair.id}`} checked={chosen(field) === row.id} onChange={() => setChoices({ ...choices, [field.name]: row.id })} />{value(field, row)}</label> : <span className="faint">–</span>}</td>)}</tr>; })}</tbody></table>
    <p className="row"><button className="button" data-look="primary" disabled={busy} onClick={() => void merge()}>{t('duplicates.merge')}</button><button className="button" onClick={dismiss}>{t('duplicates.dismiss')}</button></p></section>;
}
