// Adding a record, or changing one: the fields people fill first, the rest behind one button; a possible duplicate is shown while
// one types.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { patch, post, Problem, uuid7 } from '../../api/client';
import { say, t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { problemText } from '../../ui/states';
import { toast } from '../../ui/toast';
import { FieldInput, type Draft } from './FieldInput';
import { settable, titleOf, spoken, type Kind, type KindField, type Row } from './kinds';

/** The fields people fill when they add a record of the kind. */
const first: Record<string, string[]> = {
  account: ['name', 'kind', 'stage', 'class', 'phone', 'email', 'industry', 'owner_id'],
  contact: ['account_id', 'first_name', 'last_name', 'role', 'phone', 'mobile', 'email', 'main'],
  lead: ['name', 'kind', 'first_name', 'last_name', 'phone', 'email', 'street', 'house_number', 'postcode', 'city', 'source', 'interest', 'next_step_on'],
  deal: ['name', 'account_id', 'contact_id', 'stage', 'amount', 'close_on', 'source', 'next_step', 'next_step_on'],
  order: ['account_id', 'contact_id', 'deal_id', 'ordered_on', 'deliver_on', 'reference'],
  product: ['code', 'name', 'group_id', 'kind', 'price', 'unit', 'service_minutes', 'warranty_months'],
  case: ['account_id', 'title', 'description', 'type', 'priority', 'channel', 'contact_id', 'installation_id', 'due_at'],
  installation: ['account_id', 'site_id', 'name', 'product_id', 'serial', 'installed_on', 'warranty_until'],
  contract: ['account_id', 'name', 'kind', 'state', 'start_on', 'end_on', 'price', 'period', 'included_visits', 'response_hours'],
  activity: ['channel', 'direction', 'account_id', 'contact_id', 'subject', 'body', 'outcome', 'at', 'minutes'],
  order_line: ['product_id', 'description', 'quantity', 'unit_price', 'discount_percent'],
};

interface Twin { id: string; title: string; reason: string }

export function RecordDialog({ kind, row, given = {}, only, title, onClose, onSaved }: { kind: Kind; row?: Row | null; given?: Draft; only?: string[]; title?: string; onClose: () => void; onSaved?: (row: Row) => void }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState<Draft>(given);
  const [bad, setBad] = useState<Set<string>>(new Set());
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [all, setAll] = useState(false);
  const [busy, setBusy] = useState(false);
  const id = useRef(uuid7());
  const change = (name: string, value: unknown, isBad?: boolean) => {
    setDraft(before => ({ ...before, [name]: value }));
    setBad(before => { const after = new Set(before); if (isBad) after.add(name); else after.delete(name); return after; });
    setWrong(before => { const { [name]: _, ...rest } = before; return rest; });
  };
  const twins = useTwins(kind, row ? {} : draft);
  const usable = kind.fields.filter(field => settable(kind, field) && !(row && field.fixed) && !['point', 'refs', 'document'].includes(field.type));
  const names = only ?? first[kind.name] ?? usable.slice(0, 10).map(field => field.name);
  const upper = names.map(name => usable.find(field => field.name === name)).filter((field): field is KindField => !!field);
  const rest = only ? [] : usable.filter(field => !upper.includes(field) && !(field.name in given && field.type === 'ref'));
  // What belongs to the account that was chosen is offered first.
  const within = (field: KindField) => ['contact', 'site', 'installation', 'deal'].includes(field.ref ?? '') && (draft.account_id ?? row?.account_id) ? `account_id = ${String(draft.account_id ?? row?.account_id)}` : undefined;
  async function save() {
    if (bad.size) { setWrong(Object.fromEntries([...bad].map(name => [name, t('records.unreadable')]))); return; }
    setBusy(true);
    const body = Object.fromEntries(Object.entries(draft).filter(([name]) => kind.fields.some(field => field.name === name)));
    try {
      const saved = row ? await patch<Row>(`/${kind.plural}/${row.id}`, row.version, body) : await post<Row>(`/${kind.plural}`, { id: id.current, ...body }, { key: id.current });
      void queries.invalidateQueries();
      if (!row) toast(t('records.added', { title: titleOf(kind, saved) }));
      onSaved?.(saved);
      onClose();
    } catch (problem) {
      setBusy(false);
      const named = problem instanceof Problem ? Object.fromEntries(problem.errors.map(error => [(error.location ?? '').replace(/^body\./, ''), error.message])) : {};
      if (Object.keys(named).some(name => rest.some(field => field.name === name))) setAll(true);
      const text = problemText(problem);
      setWrong({ ...named, '': problem instanceof Problem && problem.detail ? problem.detail : text.title });
    }
  }
  const input = (field: KindField) => <FieldInput key={field.name} field={field} draft={draft} row={row} wrong={wrong[field.name]} within={within(field)} onChange={change} />;
  return <Dialog wide title={title ?? (row ? titleOf(kind, row) : t('records.addOne', { kind: spoken(kind) }))} onClose={onClose}
    footer={<><button className="button" onClick={onClose}>{t('common.cancel')}</button><button className="button" data-look="primary" disabled={busy} onClick={() => void save()}>{row ? t('records.save') : t('records.add')}</button></>}>
    <form className="form-grid" onSubmit={event => { event.preventDefault(); void save(); }}>
      {upper.map(input)}
      {rest.length > 0 && !all && <button type="button" className="link form-wide" onClick={() => setAll(true)}>{t('records.allFields', { n: rest.length })}</button>}
      {all && rest.map(input)}
      <button type="submit" hidden />
    </form>
    {twins.length > 0 && <div className="banner" role="status"><Icon name="warn" /><div><b>{t('records.twins')}</b><ul>{twins.map(twin => <li key={twin.id}><Link href={`/${kind.plural}/${twin.id}`} onClick={onClose}>{twin.title}</Link> <span className="quiet">{twin.reason}</span></li>)}</ul></div></div>}
    {wrong[''] && <p className="banner" data-tone="danger" role="alert">{wrong['']}</p>}
  </Dialog>;
}

/** Records that may be the same as the one that is typed. */
function useTwins(kind: Kind, draft: Draft): Twin[] {
  const [found, setFound] = useState<Twin[]>([]);
  const asked = ['account', 'contact', 'lead'].includes(kind.name) ? JSON.stringify(['name', 'first_name', 'last_name', 'phone', 'mobile', 'email', 'tax_id'].map(name => [name, draft[name] ?? ''])) : '';
  useEffect(() => {
    const fields = asked ? Object.fromEntries((JSON.parse(asked) as [string, string][]).filter(([, value]) => value)) : {};
    if (Object.values(fields).join('').length < 4) { setFound([]); return; }
    let gone = false;
    const timer = setTimeout(() => {
      const name = fields.name ?? [fields.first_name, fields.last_name].filter(Boolean).join(' ');
      post<{ items: { id: string; title: string; reasons?: string[] }[] }>('/duplicates/check', { kind: kind.name, name, phone: fields.phone ?? fields.mobile, email: fields.email, tax_id: fields.tax_id }).then(answer => { if (!gone) setFound((answer.items ?? []).slice(0, 3).map(one => ({ id: one.id, title: one.title, reason: (one.reasons ?? []).map(reason => say(`likeness.${reason}`, reason)).join(', ') }))); }).catch(() => { if (!gone) setFound([]); });
    }, 300);
    return () => { gone = true; clearTimeout(timer); };
  }, [asked]);
  return found;
}
