// Changes of many records at once, newest first, each with the way back.
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { get } from '../../api/client';
import type { Me, Page } from '../../api/types';
import { say, t } from '../../i18n';
import { moment } from '../../i18n/format';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { undoSet, type ChangeSet } from '../records/BulkDialog';
import { called, useKinds } from '../records/kinds';

export function ChangeList({ me }: { me: Me }) {
  const queries = useQueryClient();
  const kinds = useKinds();
  const [busy, setBusy] = useState('');
  const list = useInfiniteQuery({ queryKey: ['changes'], initialPageParam: '', queryFn: ({ pageParam, signal }) => get<Page<ChangeSet>>('/changes', { limit: 50, cursor: pageParam || undefined }, signal), getNextPageParam: last => last.next || undefined });
  const rows = list.data?.pages.flatMap(page => page.items ?? []) ?? [];
  if (list.isPending) return <Skeleton lines={8} />;
  if (list.error) return <Failed problem={list.error} retry={() => void list.refetch()} />;
  if (rows.length === 0) return <Empty icon="undo" title={t('changes.none')} hint={t('changes.noneHint')} />;
  async function undo(set: ChangeSet) {
    setBusy(set.id);
    try {
      const result = await undoSet(set.id);
      toast(result.left ? t('changes.undoneSome', { n: result.undone, left: result.left }) : t('bulk.undone', { n: result.undone }));
      await queries.invalidateQueries();
    } catch (problem) { toastProblem(problem); }
    setBusy('');
  }
  const kindName = (name: string) => { const kind = kinds.data?.find(one => one.name === name); return kind ? called(kind.many) : name; };
  return <><table className="table"><thead><tr><th scope="col">{t('changes.what')}</th><th scope="col">{t('fields.of')}</th><th scope="col">{t('changes.who')}</th><th scope="col">{t('changes.when')}</th><th scope="col" className="number">{t('changes.rows')}</th><th /></tr></thead>
    <tbody>{rows.map(set => <tr key={set.id}><th scope="row">{say(`act.${set.act}`, set.act)}{set.title && <span className="quiet"> · {set.title}</span>}</th><td>{kindName(set.kind)}</td><td>{set.actor.name}</td><td className="quiet">{moment(set.at, me.organisation.zone)}</td><td className="number">{set.rows}</td>
      <td className="number">{set.undone >= set.rows && set.rows > 0 ? <span className="chip">{t('changes.undone')}</span> : set.rows > 0 && <button className="button" disabled={busy !== ''} onClick={() => void undo(set)}>{busy === set.id ? t('changes.undoing') : t('common.undo')}</button>}</td></tr>)}</tbody></table>
    {list.hasNextPage && <button className="button" onClick={() => void list.fetchNextPage()}>{t('records.showAll')}</button>}</>;
}
