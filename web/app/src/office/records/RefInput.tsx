// Choosing a record, a person or a team: typing searches, what is chosen stands in the field.
import { useState } from 'react';
import { get } from '../../api/client';
import type { Page } from '../../api/types';
import { t } from '../../i18n';
import { Combo } from '../../ui/Combo';
import { items, useStaff, useTeams } from '../queries';
import { called, titleOf, useKinds, type KindField, type Row } from './kinds';

interface Choice { id: string; title: string; more: string }

export function RefInput({ field, label, wrong, onChange, within }: { field: KindField; label: string; wrong?: string; onChange: (id: string | null, label: string) => void; within?: string }) {
  const kinds = useKinds();
  const staff = useStaff(field.ref === 'staff'), teams = useTeams();
  const [text, setText] = useState(label);
  const kind = kinds.data?.find(one => one.name === field.ref);
  async function search(typed: string, signal: AbortSignal): Promise<Choice[]> {
    const folded = typed.toLowerCase();
    if (field.ref === 'staff') return (staff.data ?? []).filter(one => one.active !== false && one.name.toLowerCase().includes(folded)).slice(0, 8).map(one => ({ id: one.id, title: one.name, more: one.role_title ?? one.role }));
    if (field.ref === 'team') return (teams.data ?? []).filter(one => one.name.toLowerCase().includes(folded)).slice(0, 8).map(one => ({ id: one.id, title: one.name, more: '' }));
    if (!kind) return [];
    const quoted = `"${typed.replace(/(["\\])/g, '\\$1')}"`;
    const query = kind.searched ? { q: typed, filter: within } : { filter: [`${kind.title} ~ ${quoted}`, within].filter(Boolean).join(' and ') };
    const rows = kind.acts ? items(await (await import('../../api/client')).post<Page<Row>>(`/${kind.plural}/query`, { ...query, limit: 8 })) : items(await get<Page<Row>>(`/${kind.plural}`, { ...query, limit: 8 }, signal));
    return rows.map(row => ({ id: row.id, title: titleOf(kind, row), more: String(row.number ?? row.account ?? '') }));
  }
  return <Combo label={called(field.label) + (field.required ? ' *' : '')} wrong={wrong} text={text} placeholder={t('records.find')} minimum={1} none={t('records.nothing')}
    onText={typed => { setText(typed); if (typed.trim() === '') onChange(null, ''); }} search={search} keyOf={one => one.id}
    onTake={one => { setText(one.title); onChange(one.id, one.title); }} show={one => <><b>{one.title}</b>{one.more && <span className="quiet">{one.more}</span>}</>} />;
}
