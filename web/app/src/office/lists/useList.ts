// Lists by cursor: the filter lives in the address, pages come one after another.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { get } from '../../api/client';
import type { Page } from '../../api/types';

export function useList<T>(path: string, query: Record<string, string>) {
  const list = useInfiniteQuery({
    queryKey: [path.slice(1), query], initialPageParam: '',
    queryFn: ({ pageParam, signal }) => get<Page<T>>(path, { ...query, limit: 100, cursor: pageParam || undefined }, signal),
    getNextPageParam: last => last.next || undefined, placeholderData: previous => previous,
  });
  const { hasNextPage, fetchNextPage } = list;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return { ...list, rows: list.data?.pages.flatMap(page => page.items ?? []) ?? [], more: hasNextPage ? more : undefined };
}

/** A value of the address's query, changed in place so that going back keeps it. Text waits 200 ms after the last letter. */
export function useParam(name: string, wait = 0): [string, (value: string) => void, string] {
  const [value, setValue] = useState(() => new URLSearchParams(location.search).get(name) ?? '');
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => {
      const params = new URLSearchParams(location.search);
      if (value) params.set(name, value); else params.delete(name);
      const search = params.toString();
      if (search !== location.search.slice(1)) history.replaceState(history.state, '', search ? `?${search}` : location.pathname);
      setSettled(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value]);
  return [value, setValue, settled];
}
