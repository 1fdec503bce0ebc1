// Records as a grid: rows and columns virtual where it counts, the first columns frozen, sorted by their heads, cells changed in
// place, a spreadsheet pasted over them, and everything by keyboard (WAI-ARIA grid pattern).
import { useQueryClient } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent } from 'react';
import { patch, Problem } from '../../api/client';
import { t } from '../../i18n';
import { toast, toastProblem } from '../../ui/toast';
import { called, choice, read, settable, show, tone, typed, width, type Kind, type KindField, type Row } from './kinds';

const rowHeight = 36;

interface Props {
  kind: Kind; rows: Row[]; columns: KindField[]; zone: string; currency: string; sort: string; onSort: (sort: string) => void; onOpen: (row: Row) => void;
  selected: Set<string>; onSelect: (ids: Set<string>) => void; more?: () => void; loadingMore?: boolean; patchRow: (row: Row) => void; onHover?: (id: string | null) => void;
}

export function RecordGrid({ kind, rows, columns, zone, currency, sort, onSort, onOpen, selected, onSelect, more, loadingMore, patchRow, onHover }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const queries = useQueryClient();
  const [at, setAt] = useState({ row: 0, column: 1 });
  const [editing, setEditing] = useState<string | null>(null);
  const last = useRef<number | null>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 20 });
  const shown = virtual.getVirtualItems();
  const lowest = shown.at(-1)?.index ?? 0;
  useEffect(() => { if (more && !loadingMore && lowest >= rows.length - 100) more(); }, [lowest, rows.length, more, loadingMore]);
  const layout = ['40px', ...columns.map((field, i) => i === columns.length - 1 ? `minmax(${width(field, false)}px, 1fr)` : `${width(field, i === 0)}px`)].join(' ');
  const frozen = { gridTemplateColumns: layout };
  const focus = (row: number, column: number) => {
    setAt({ row, column });
    virtual.scrollToIndex(row, { align: 'auto' });
    requestAnimationFrame(() => requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-cell="${row}:${column}"]`)?.focus()));
  };

  async function change(row: Row, field: KindField, value: unknown) {
    setEditing(null);
    if (JSON.stringify(value) === JSON.stringify(row[field.name] ?? null)) return;
    const before = row[field.name] ?? null;
    patchRow({ ...row, [field.name]: value });
    try {
      const saved = await patch<Row>(`/${kind.plural}/${row.id}`, row.version, { [field.name]: value });
      patchRow(saved);
      toast(t('records.changedField', { field: called(field.label) }), { undo: () => { patch<Row>(`/${kind.plural}/${row.id}`, saved.version, { [field.name]: before }).then(patchRow, toastProblem); } });
    } catch (problem) {
      patchRow(row);
      if (problem instanceof Problem && problem.status === 412) void queries.invalidateQueries({ queryKey: [kind.plural] });
      toastProblem(problem);
    }
  }
  /** A stretch of a spreadsheet goes over the cells from the one with the focus, right and down. */
  async function paste(event: ClipboardEvent) {
    const text = event.clipboardData.getData('text/plain');
    if (editing || at.column === 0 || !text.trim()) return;
    event.preventDefault();
    const lines = text.replace(/\r/g, '').replace(/\n$/, '').split('\n').map(line => line.split('\t'));
    let changed = 0, refused = 0;
    for (const [i, words] of lines.entries()) {
      const row = rows[at.row + i];
      if (!row) break;
      const body: Record<string, unknown> = {};
      for (const [j, word] of words.entries()) {
        const field = columns[at.column - 1 + j];
        if (!field || !settable(kind, field) || field.fixed || field.type === 'ref') continue;
        const value = read(field, word);
        if (value === undefined) refused++; else body[field.name] = value;
      }
      if (Object.keys(body).length === 0) continue;
      try { patchRow(await patch<Row>(`/${kind.plural}/${row.id}`, row.version, body)); changed++; } catch { refused++; }
    }
    toast(refused ? t('records.pastedSome', { n: changed, refused }) : t('records.pasted', { n: changed }), refused ? { tone: 'danger' } : {});
  }
  function pick(index: number, range: boolean) {
    const ids = new Set(selected);
    const from = range && last.current !== null ? Math.min(last.current, index) : index, to = range && last.current !== null ? Math.max(last.current, index) : index;
    const on = !selected.has(rows[index]!.id);
    for (let i = from; i <= to; i++) if (on) ids.add(rows[i]!.id); else ids.delete(rows[i]!.id);
    last.current = index;
    onSelect(ids);
  }
  function key(event: KeyboardEvent) {
    if (editing) return;
    const [row, column] = ((event.target as Element).closest('[data-cell]')?.getAttribute('data-cell') ?? `${at.row}:${at.column}`).split(':').map(Number) as [number, number];
    const record = rows[row];
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 2);
    const to: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column], ArrowUp: [row - 1, column], ArrowRight: [row, column + 1], ArrowLeft: [row, column - 1],
      PageDown: [Math.min(rows.length - 1, row + page), column], PageUp: [Math.max(0, row - page), column],
      Home: event.ctrlKey ? [0, 0] : [row, 0], End: event.ctrlKey ? [rows.length - 1, columns.length] : [row, columns.length],
    };
    const next = to[event.key];
    if (next) {
      event.preventDefault();
      if (rows[next[0]] && next[1] >= 0 && next[1] <= columns.length) focus(...next);
      return;
    }
    if (!record) return;
    const field = columns[column - 1];
    if (event.key === ' ' ) { event.preventDefault(); pick(row, event.shiftKey); }
    else if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); onOpen(record); }
    else if (field && editable(kind, field) && (event.key === 'F2' || event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey)) {
      if (event.key === 'F2' || field.type !== 'bool') setEditing(`${row}:${column}`);
      if (event.key === 'F2') event.preventDefault();
    } else if (field && editable(kind, field) && event.key === 'Delete' && !field.required) void change(record, field, read(field, ''));
  }
  const every = rows.length > 0 && rows.every(row => selected.has(row.id));
  return <div className="grid records-grid" ref={scroller} role="grid" aria-label={called(kind.many)} aria-rowcount={more ? -1 : rows.length + 1} aria-colcount={columns.length + 1} aria-multiselectable="true" onKeyDown={key} onPaste={event => void paste(event)}>
    <div className="grid-head" role="row" aria-rowindex={1} style={frozen}>
      <span role="columnheader" className="grid-check frozen"><input type="checkbox" aria-label={t('records.selectAll')} checked={every} onChange={() => onSelect(every ? new Set() : new Set(rows.map(row => row.id)))} /></span>
      {columns.map((field, i) => {
        const sorted = sort === field.name ? 'ascending' : sort === `-${field.name}` ? 'descending' : undefined;
        return <span key={field.name} role="columnheader" aria-sort={sorted} className={`${numeric(field) ? 'number' : ''} ${i === 0 ? 'frozen second' : ''}`}>
          {field.sortable ? <button className="sort" onClick={() => onSort(sorted === 'ascending' ? `-${field.name}` : field.name)}>{called(field.label)}<span aria-hidden="true">{sorted === 'ascending' ? ' ↑' : sorted === 'descending' ? ' ↓' : ''}</span></button> : called(field.label)}
        </span>;
      })}
    </div>
    <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>{shown.map(item => {
      const row = rows[item.index]!;
      const chosen = selected.has(row.id);
      return <div key={row.id} role="row" aria-rowindex={item.index + 2} aria-selected={chosen} className="grid-row" style={{ ...frozen, transform: `translateY(${item.start}px)` }} onPointerEnter={onHover ? () => onHover(row.id) : undefined}>
        <span role="gridcell" className="grid-check frozen" data-cell={`${item.index}:0`} tabIndex={at.row === item.index && at.column === 0 ? 0 : -1} onFocus={() => setAt({ row: item.index, column: 0 })}><input type="checkbox" tabIndex={-1} aria-label={t('records.select')} checked={chosen} onChange={() => undefined} onClick={event => pick(item.index, event.shiftKey)} /></span>
        {columns.map((field, i) => {
          const cell = `${item.index}:${i + 1}`;
          return editing === cell
            ? <span key={field.name} role="gridcell" className="editing" data-cell={cell}><CellEditor field={field} row={row} onDone={value => { void change(row, field, value); focus(item.index, i + 1); }} onCancel={() => { setEditing(null); focus(item.index, i + 1); }} /></span>
            : <span key={field.name} role="gridcell" data-cell={cell} tabIndex={at.row === item.index && at.column === i + 1 ? 0 : -1} className={`${numeric(field) ? 'number' : 'ellipsis'} ${i === 0 ? 'frozen second' : ''}`}
              onFocus={() => setAt({ row: item.index, column: i + 1 })} onClick={() => { if (i === 0) onOpen(row); else focus(item.index, i + 1); }} onDoubleClick={() => { if (i > 0 && editable(kind, field)) setEditing(cell); }}>
              <Cell field={field} row={row} zone={zone} currency={currency} title={i === 0} />
            </span>;
        })}
      </div>;
    })}</div>
    {loadingMore && <p className="grid-more quiet" role="status">{t('common.loading')}…</p>}
  </div>;
}

const numeric = (field: KindField) => ['integer', 'number', 'money'].includes(field.type);
/** References and long texts are changed on the record's own page. */
const editable = (kind: Kind, field: KindField) => settable(kind, field) && !field.fixed && !['ref', 'refs', 'point', 'document', 'long'].includes(field.type);

const Cell = memo(function Cell({ field, row, zone, currency, title }: { field: KindField; row: Row; zone: string; currency: string; title: boolean }) {
  const text = show(field, row, zone, currency);
  if (title) return <b>{text || t('records.untitled')}</b>;
  if (field.type === 'enum' && text) return <span className="chip" data-tone={tone(String(row[field.name]))}>{text}</span>;
  if (field.type === 'tags') return <>{(row[field.name] as string[] ?? []).map(tag => <span key={tag} className="chip">{tag}</span>)}</>;
  return <>{text}</>;
});

function CellEditor({ field, row, onDone, onCancel }: { field: KindField; row: Row; onDone: (value: unknown) => void; onCancel: () => void }) {
  const [text, setText] = useState(typed(field, row[field.name]));
  const [wrong, setWrong] = useState(false);
  const left = useRef(false);
  const done = (value: string) => { const meant = read(field, value); if (meant === undefined) setWrong(true); else { left.current = true; onDone(meant); } };
  const keys = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === 'Enter' || event.key === 'Tab') { event.preventDefault(); done(text); }
    if (event.key === 'Escape') { event.preventDefault(); left.current = true; onCancel(); }
  };
  const leave = () => { if (!left.current) done(text); };
  if (field.type === 'enum' || field.type === 'bool') {
    const options = field.type === 'bool' ? [['true', t('common.yes')], ['false', t('common.no')]] : [...(field.required ? [] : [['', '–']]), ...(field.options ?? []).filter(option => !field.next || option.value === row[field.name] || field.next[String(row[field.name])]?.includes(option.value)).map(option => [option.value, choice(field, option.value)])];
    return <select autoFocus aria-label={called(field.label)} value={text} onKeyDown={keys} onBlur={leave} onChange={event => { setText(event.target.value); done(event.target.value); }}>{options.map(([value, label]) => <option key={value} value={value}>{label}</option>)}</select>;
  }
  return <input autoFocus aria-label={called(field.label)} aria-invalid={wrong} type={field.type === 'date' ? 'date' : field.type === 'instant' ? 'datetime-local' : 'text'} value={text} onFocus={event => event.target.select()} onKeyDown={keys} onBlur={leave} onChange={event => { setWrong(false); setText(event.target.value); }} />;
}
