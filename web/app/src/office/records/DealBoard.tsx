// Deals by stage: columns with totals and weighted sums, cards dragged or moved by keyboard; a stage that needs more asks for it.
import { useQueryClient } from '@tanstack/react-query';
import { useState, type KeyboardEvent } from 'react';
import { patch, Problem } from '../../api/client';
import type { Me } from '../../api/types';
import { t } from '../../i18n';
import { Failed, Skeleton } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { called, dateText, fieldOf, money, type Kind, type Row } from './kinds';
import { RecordDialog } from './RecordDialog';
import { useRecords, useTotals, type Asked } from './useRecords';

export function DealBoard({ me, kind, asked, onOpen }: { me: Me; kind: Kind; asked: Asked; onOpen: (id: string) => void }) {
  const queries = useQueryClient();
  const stage = fieldOf(kind, 'stage')!;
  const options = stage.options ?? [];
  const totals = useTotals(kind, asked, 'stage', ['amount', 'weighted']);
  const [lifted, setLifted] = useState<Row | null>(null);
  const [over, setOver] = useState<string | null>(null);
  /** A deal on its way to a stage that needs fields it lacks. */
  const [needing, setNeeding] = useState<{ row: Row; to: string; fields: string[] } | null>(null);
  async function move(row: Row, to: string, more: Record<string, unknown> = {}) {
    if (row.stage === to) return;
    const lacking = (stage.needs?.[to] ?? []).filter(name => row[name] === null || row[name] === undefined || row[name] === '');
    if (lacking.length) { setNeeding({ row, to, fields: lacking }); return; }
    const from = row.stage;
    try {
      const saved = await patch<Row>(`/deals/${row.id}`, row.version, { stage: to, ...more });
      void queries.invalidateQueries({ queryKey: ['deals'] });
      toast(t('deals.moved', { name: String(row.name), stage: called(options.find(one => one.value === to)!.label) }), { undo: () => { patch<Row>(`/deals/${row.id}`, saved.version, { stage: from, probability: row.probability }).then(() => void queries.invalidateQueries({ queryKey: ['deals'] }), toastProblem); } });
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 412) void queries.invalidateQueries({ queryKey: ['deals'] });
      toastProblem(problem);
    }
  }
  return <div className="kanban" role="group" aria-label={called(kind.many)}>
    {options.map((option, i) => <section key={option.value} className="kanban-column" data-over={over === option.value && lifted?.stage !== option.value || undefined} aria-label={called(option.label)}
      onDragOver={event => { if (lifted) { event.preventDefault(); setOver(option.value); } }} onDragLeave={event => { if (!event.currentTarget.contains(event.relatedTarget as Node)) setOver(null); }}
      onDrop={event => { event.preventDefault(); setOver(null); if (lifted) void move(lifted, option.value); setLifted(null); }}>
      <Column me={me} kind={kind} asked={asked} stage={option.value} title={called(option.label)} total={totals.data?.find(one => one.value === option.value)} onOpen={onOpen} onLift={setLifted}
        onKey={(event, row) => { const to = event.key === 'ArrowRight' ? options[i + 1] : event.key === 'ArrowLeft' ? options[i - 1] : undefined; if (event.altKey && to) { event.preventDefault(); void move(row, to.value); } }} />
    </section>)}
    {needing && <RecordDialog kind={kind} row={needing.row} given={{ stage: needing.to }} only={[...needing.fields, 'next_step', 'next_step_on']} title={t('deals.needs', { stage: called(options.find(one => one.value === needing.to)!.label) })} onClose={() => setNeeding(null)} />}
  </div>;
}

function Column({ me, kind, asked, stage, title, total, onOpen, onLift, onKey }: { me: Me; kind: Kind; asked: Asked; stage: string; title: string; total?: { count: number; sums: Record<string, number> }; onOpen: (id: string) => void; onLift: (row: Row | null) => void; onKey: (event: KeyboardEvent, row: Row) => void }) {
  const closed = stage === 'won' || stage === 'lost';
  const list = useRecords(kind, { ...asked, filter: [asked.filter, `stage = ${stage}`].filter(Boolean).join(' and '), sort: closed ? '-updated_at' : 'close_on' });
  const currency = me.organisation.currency;
  return <>
    <header><h2>{title}</h2><span className="quiet">{total?.count ?? 0}</span><p className="quiet">{money(total?.sums.amount ?? 0, currency)}{!closed && <> · {t('deals.weighted', { sum: money(total?.sums.weighted ?? 0, currency) })}</>}</p></header>
    <div className="kanban-cards" onScroll={event => { const view = event.currentTarget; if (list.more && !list.isFetchingNextPage && view.scrollTop + view.clientHeight > view.scrollHeight - 600) list.more(); }}>
      {list.isPending ? <Skeleton lines={5} /> : list.error && list.rows.length === 0 ? <Failed problem={list.error} retry={() => void list.refetch()} />
        : list.rows.map(row => <article key={row.id} className="card" draggable tabIndex={0} aria-label={`${String(row.name)}, ${String(row.account ?? '')}`} aria-keyshortcuts="Alt+ArrowRight Alt+ArrowLeft Enter"
          onDragStart={event => { event.dataTransfer.effectAllowed = 'move'; event.dataTransfer.setData('text/plain', row.id); onLift(row); }} onDragEnd={() => onLift(null)} onClick={() => onOpen(row.id)}
          onKeyDown={event => { if (event.key === 'Enter') onOpen(row.id); else onKey(event, row); }}>
          <b>{String(row.name)}</b><span className="quiet ellipsis">{String(row.account ?? '')}</span>
          <span className="card-foot"><b>{typeof row.amount === 'number' ? money(row.amount, String(row.currency || currency)) : '–'}</b>{row.close_on ? <span className={!closed && String(row.close_on) < me.day ? 'warn-ink' : 'quiet'}>{dateText(String(row.close_on))}</span> : null}</span>
          {row.next_step ? <span className="quiet ellipsis">{String(row.next_step)}</span> : null}
        </article>)}
    </div>
  </>;
}
