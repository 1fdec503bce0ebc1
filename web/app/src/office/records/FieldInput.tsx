// One field of a form, after its type.
import { Field } from '../../ui/Field';
import { t } from '../../i18n';
import { called, choice, labelName, read, typed, type KindField, type Row } from './kinds';
import { RefInput } from './RefInput';

export type Draft = Record<string, unknown>;

export function FieldInput({ field, draft, row, wrong, onChange, within }: { field: KindField; draft: Draft; row?: Row | null; wrong?: string; onChange: (name: string, value: unknown, bad?: boolean) => void; within?: string }) {
  const value = field.name in draft ? draft[field.name] : row?.[field.name] ?? field.default ?? null;
  const set = (text: string) => { const meant = read(field, text); onChange(field.name, meant === undefined ? text : meant, meant === undefined); };
  if (field.type === 'ref') return <RefInput field={field} within={within} label={String(draft[labelName(field.name)] ?? row?.[labelName(field.name)] ?? '')} wrong={wrong} onChange={(id, label) => { onChange(field.name, id); onChange(labelName(field.name), label); }} />;
  const label = called(field.label) + (field.required ? ' *' : '');
  if (field.type === 'bool') return <label className="check"><input type="checkbox" checked={!!value} onChange={event => onChange(field.name, event.target.checked)} />{called(field.label)}</label>;
  return <Field label={label} wrong={wrong}>{given => {
    switch (field.type) {
      case 'enum': return <select {...given} className="input" value={String(value ?? '')} onChange={event => onChange(field.name, event.target.value)}>
        {!field.required && <option value="">–</option>}
        {(field.options ?? []).filter(option => !row || !field.next || option.value === row[field.name] || field.next[String(row[field.name])]?.includes(option.value)).map(option => <option key={option.value} value={option.value}>{choice(field, option.value)}</option>)}
      </select>;
      case 'long': return <textarea {...given} className="input" rows={4} defaultValue={typed(field, value)} onChange={event => set(event.target.value)} />;
      case 'date': return <input {...given} className="input" type="date" defaultValue={typed(field, value)} onChange={event => set(event.target.value)} />;
      case 'instant': return <input {...given} className="input" type="datetime-local" defaultValue={typed(field, value)} onChange={event => set(event.target.value)} />;
      case 'tags': return <input {...given} className="input" defaultValue={typed(field, value)} placeholder={t('records.tagsHint')} onChange={event => set(event.target.value)} />;
      default: return <input {...given} className="input" type={field.type === 'email' ? 'email' : field.type === 'phone' ? 'tel' : field.type === 'url' ? 'url' : 'text'} inputMode={['integer', 'number', 'money'].includes(field.type) ? 'decimal' : undefined} defaultValue={typed(field, value)} onChange={event => set(event.target.value)} />;
    }
  }}</Field>;
}
