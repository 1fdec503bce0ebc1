// Conditions on a list as chips: each says what it asks, opens to be changed, and goes by its cross.
import { useEffect, useRef, useState } from 'react';
import { t } from '../../i18n';
import { Icon } from '../../ui/icons';
import { useStaff, useTeams } from '../queries';
import { called, type Kind, type KindField } from './kinds';
import { opText, operators, told, type Condition } from './filter';
import { RefInput } from './RefInput';

export function FilterBar({ kind, conditions, onChange }: { kind: Kind; conditions: Condition[]; onChange: (conditions: Condition[]) => void }) {
  const [open, setOpen] = useState<number | 'new' | null>(null);
  const staff = useStaff(), teams = useTeams();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open === null) return;
    const away = (event: Event) => { if (event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node)) setOpen(null); };
    addEventListener('pointerdown', away);
    addEventListener('keydown', away);
    return () => { removeEventListener('pointerdown', away); removeEventListener('keydown', away); };
  }, [open]);
  const name = (field: KindField, id: string) => id === 'me' ? t('filter.me') : id === 'mine' ? t('filter.mine') : (field.ref === 'staff' ? staff.data?.find(one => one.id === id)?.name : field.ref === 'team' ? teams.data?.find(one => one.id === id)?.name : undefined) ?? id.slice(0, 8);
  const asked = kind.fields.filter(field => !['id', 'version'].includes(field.name) && !['point', 'refs', 'document', 'long'].includes(field.type));
  const set = (index: number, one: Condition | null) => onChange(one === null ? conditions.filter((_, i) => i !== index) : conditions.map((old, i) => i === index ? one : old));
  return <div className="filter-bar" ref={box}>
    {conditions.map((one, i) => <span key={i} className="filter-chip">
      <button className="filter-text" aria-expanded={open === i} onClick={() => setOpen(open === i ? null : i)}>{told(kind, one, name)}</button>
      <button className="filter-drop" aria-label={t('filter.remove', { condition: told(kind, one, name) })} onClick={() => { set(i, null); setOpen(null); }}>✕</button>
      {open === i && <div className="popover"><ConditionForm kind={kind} one={one} onChange={next => set(i, next)} onDone={() => setOpen(null)} /></div>}
    </span>)}
    <span className="filter-chip plain">
      <button className="filter-text" aria-expanded={open === 'new'} onClick={() => setOpen(open === 'new' ? null : 'new')}><Icon name="plus" size={14} />{t('filter.add')}</button>
      {open === 'new' && <ul className="popover menu" role="menu">{asked.map(field => <li key={field.name} role="none"><button role="menuitem" onClick={() => { onChange([...conditions, { field: field.name, op: operators(field)[0]!, values: [] }]); setOpen(conditions.length); }}>{called(field.label)}</button></li>)}</ul>}
    </span>
    {conditions.length > 0 && <button className="link" onClick={() => { onChange([]); setOpen(null); }}>{t('common.clear')}</button>}
  </div>;
}

function ConditionForm({ kind, one, onChange, onDone }: { kind: Kind; one: Condition; onChange: (one: Condition) => void; onDone: () => void }) {
  const staff = useStaff(), teams = useTeams();
  const field = kind.fields.find(each => each.name === one.field);
  if (!field) return null;
  const asksValue = !['empty', 'filled', 'yes', 'no'].includes(one.op);
  const toggle = (value: string) => onChange({ ...one, values: one.values.includes(value) ? one.values.filter(old => old !== value) : [...one.values, value] });
  const choices: [string, string][] | null = field.type === 'enum' ? (field.options ?? []).map(option => [option.value, called(option.label)]) : field.ref === 'staff' ? [['me', t('filter.me')], ...(staff.data ?? []).map(person => [person.id, person.name] as [string, string])] : field.ref === 'team' ? [['mine', t('filter.mine')], ...(teams.data ?? []).map(team => [team.id, team.name] as [string, string])] : null;
  const days = ['today-30d', 'today-7d', 'today', 'today+7d', 'today+30d'];
  return <form className="filter-form" onSubmit={event => { event.preventDefault(); onDone(); }}>
    <label className="mini">{called(field.label)}<select value={one.op} onChange={event => onChange({ ...one, op: event.target.value })}>{operators(field).map(op => <option key={op} value={op}>{opText(op)}</option>)}</select></label>
    {asksValue && (choices ? <fieldset className="choices"><legend className="spoken">{called(field.label)}</legend>{choices.map(([value, text]) => <label key={value} className="check"><input type="checkbox" checked={one.values.includes(value)} onChange={() => toggle(value)} />{text}</label>)}</fieldset>
      : field.type === 'ref' ? <RefInput field={field} label="" onChange={id => onChange({ ...one, values: id ? [id] : [] })} />
      : field.type === 'date' || field.type === 'instant' ? <><select className="input" aria-label={t('filter.when')} value={days.includes(one.values[0] ?? '') ? one.values[0] : ''} onChange={event => onChange({ ...one, values: [event.target.value] })}><option value="">{t('filter.onDay')}</option>{days.map(day => <option key={day} value={day}>{dayWords(day)}</option>)}</select>
        {!days.includes(one.values[0] ?? '') && <input className="input" type="date" aria-label={called(field.label)} value={one.values[0] ?? ''} onChange={event => onChange({ ...one, values: [event.target.value] })} />}</>
      : <input className="input" autoFocus aria-label={called(field.label)} inputMode={['integer', 'number', 'money'].includes(field.type) ? 'decimal' : undefined} value={(field.type === 'tags' ? one.values.join(', ') : one.values[0]) ?? ''} onChange={event => onChange({ ...one, values: field.type === 'tags' ? event.target.value.split(',').map(word => word.trim()) : [event.target.value] })} />)}
    <button className="button" data-look="primary" type="submit">{t('filter.done')}</button>
  </form>;
}

export function dayWords(day: string): string {
  const found = /^today(?:([+-])(\d+)d)?$/.exec(day);
  if (!found) return day;
  if (!found[1]) return t('day.today');
  return found[1] === '-' ? t('filter.daysAgo', { n: Number(found[2]) }) : t('filter.inDays', { n: Number(found[2]) });
}
