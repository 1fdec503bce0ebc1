// A list of records as a grid of 36-px rows: virtual, the next page fetched as its end comes near, rows opened by click or Enter.
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { t } from '../../i18n';

export interface Column<T> { key: string; title: string; width: string; number?: boolean; hideNarrow?: boolean; cell: (row: T) => ReactNode }

export function Grid<T>({ label, rows, columns, keyOf, onOpen, more, loadingMore }: { label: string; rows: T[]; columns: Column<T>[]; keyOf: (row: T) => string; onOpen: (row: T) => void; more?: () => void; loadingMore?: boolean }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => 36, overscan: 16 });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => { if (more && !loadingMore && last >= rows.length - 20) more(); }, [last, rows.length, more, loadingMore]);
  // Where one was in the list survives going to a record and back.
  const place = `scroll ${location.pathname}${location.search}`;
  useEffect(() => {
    const view = scroller.current!;
    view.scrollTop = Number(sessionStorage.getItem(place)) || 0;
    const keep = () => sessionStorage.setItem(place, String(view.scrollTop));
    view.addEventListener('scrollend', keep);
    return () => view.removeEventListener('scrollend', keep);
  }, []);
  const layout = { gridTemplateColumns: columns.map(column => column.width).join(' ') };
  const key = (event: KeyboardEvent, index: number) => {
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1, PageDown: Math.min(rows.length - 1, index + 20), PageUp: Math.max(0, index - 20) }[event.key];
    if (event.key === 'Enter') onOpen(rows[index]!);
    else if (to !== undefined && rows[to]) {
      event.preventDefault();
      virtual.scrollToIndex(to, { align: 'auto' });
      requestAnimationFrame(() => requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[aria-rowindex="${to + 2}"]`)?.focus()));
    }
  };
  return <div className="grid" ref={scroller} role="grid" aria-label={label} aria-rowcount={more ? -1 : rows.length + 1}>
    <div className="grid-head" role="row" aria-rowindex={1} style={layout}>{columns.map(column => <span key={column.key} role="columnheader" className={column.number ? 'number' : undefined}>{column.title}</span>)}</div>
    <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>{shown.map(row => {
      const record = rows[row.index]!;
      return <div key={keyOf(record)} role="row" aria-rowindex={row.index + 2} tabIndex={row.index === (shown[0]?.index ?? 0) ? 0 : -1} className="grid-row" style={{ ...layout, transform: `translateY(${row.start}px)` }} onClick={() => onOpen(record)} onKeyDown={event => key(event, row.index)}>
        {columns.map(column => <span key={column.key} role="gridcell" className={column.number ? 'number' : 'ellipsis'}>{column.cell(record)}</span>)}
      </div>;
    })}</div>
    {loadingMore && <p className="grid-more quiet" role="status">{t('common.loading')}…</p>}
  </div>;
}
