// A list of records in pages of 200, with single rows replaced in place when they are changed.
import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { get, post } from '../../api/client';
import type { Page } from '../../api/types';
import type { Kind, Row } from './kinds';

export interface Asked { q?: string; filter?: string; sort?: string }

export function useRecords(kind: Kind | undefined, asked: Asked, on = true) {
  const queries = useQueryClient();
  const key = [kind?.plural ?? '', asked];
  const list = useInfiniteQuery({
    queryKey: key, initialPageParam: '', enabled: on && !!kind,
    queryFn: ({ pageParam, signal }) => kind!.acts ? post<Page<Row>>(`/${kind!.plural}/query`, { ...clean(asked), limit: 200, cursor: pageParam || undefined }) : get<Page<Row>>(`/${kind!.plural}`, { ...asked, limit: 200, cursor: pageParam || undefined }, signal),
    getNextPageParam: last => last.next || undefined, placeholderData: previous => previous,
  });
  const { hasNextPage, fetchNextPage } = list;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const rows = useMemo(() => list.data?.pages.flatMap(page => page.items ?? []) ?? [], [list.data]);
  const patchRow = useCallback((row: Row) => {
    queries.setQueriesData<InfiniteData<Page<Row>>>({ queryKey: [kind?.plural] }, data => data?.pages && { ...data, pages: data.pages.map(page => ({ ...page, items: (page.items ?? []).map(old => old.id === row.id ? { ...old, ...row } : old) })) });
    queries.setQueryData([kind?.name, row.id], row);
  }, [queries, kind]);
  return { ...list, rows, more: hasNextPage ? more : undefined, patchRow };
}

const clean = (asked: Asked) => Object.fromEntries(Object.entries(asked).filter(([, value]) => value));

export interface Total { value: string | null; label?: string; count: number; sums: Record<string, number> }
export const useTotals = (kind: Kind | undefined, asked: Asked, by?: string, sum?: string[], on = true) => useQuery({
  queryKey: [kind?.plural ?? '', 'totals', asked, by, sum], enabled: on && !!kind, placeholderData: previous => previous,
  queryFn: async () => (await post<{ items: Total[] }>(`/${kind!.plural}/totals`, { ...clean({ q: asked.q, filter: asked.filter }), by, sum })).items,
});
export const useCount = (kind: Kind | undefined, asked: Asked) => useTotals(kind, asked).data?.[0]?.count;

export const useRecord = (kind: Kind | undefined, id: string) => useQuery({ queryKey: [kind?.name ?? '', id], enabled: !!kind, queryFn: ({ signal }) => get<Row>(`/${kind!.plural}/${id}`, undefined, signal) });
