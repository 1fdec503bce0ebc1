// The conditions of the filter bar and the words of the server's filter grammar they stand for.
import { called, type Kind, type KindField } from './kinds';
import { t } from '../../i18n';

export interface Condition { field: string; op: string; values: string[] }

/** What a field can be asked, in the order people ask it. */
export function operators(field: KindField): string[] {
  switch (field.type) {
    case 'enum': case 'ref': return ['in', 'not in', 'empty', 'filled'];
    case 'tags': return ['in', 'not in', 'empty', 'filled'];
    case 'bool': return ['yes', 'no'];
    case 'integer': case 'number': case 'money': return ['>=', '<=', '=', 'empty', 'filled'];
    case 'date': case 'instant': return ['since', 'until', '=', 'empty', 'filled'];
    default: return ['~', '=', 'empty', 'filled'];
  }
}

export function opText(op: string): string {
  const texts: Record<string, string> = {
    in: t('filter.in'), 'not in': t('filter.notIn'), empty: t('filter.empty'), filled: t('filter.filled'), yes: t('common.yes'), no: t('common.no'),
    '>=': '≥', '<=': '≤', '=': '=', '~': t('filter.holds'), since: t('filter.since'), until: t('filter.until'),
  };
  return texts[op] ?? op;
}

const quote = (value: string) => /^[\w.@+-]+$/.test(value) && !/^(and|or|not|in|is|has)$/i.test(value) ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`;

/** One condition in the grammar; empty while it is not complete. */
export function written(kind: Kind, one: Condition): string {
  const field = kind.fields.find(each => each.name === one.field);
  if (!field) return '';
  const values = one.values.filter(value => value !== '');
  switch (one.op) {
    case 'empty': return `${one.field} is empty`;
    case 'filled': return `${one.field} is not empty`;
    case 'yes': return `${one.field} = true`;
    case 'no': return `${one.field} = false`;
    case 'in': case 'not in': return values.length ? `${one.field} ${one.op} (${values.map(quote).join(', ')})` : '';
    case 'since': return values[0] ? `${one.field} >= ${quote(values[0])}` : '';
    case 'until': return values[0] ? `${one.field} <= ${quote(values[0])}` : '';
  }
  if (!values[0]) return '';
  const value = field.type === 'money' ? String(Math.round(Number(values[0]) * 100)) : values[0];
  return `${one.field} ${one.op} ${quote(value)}`;
}

export const filterOf = (kind: Kind, conditions: Condition[], more = '') => [...conditions.map(one => written(kind, one)), more].filter(Boolean).join(' and ');

/** Conditions live in the address as f=field:op:value,value; what cannot be read is left out. */
export function toAddress(conditions: Condition[]): string {
  return conditions.map(one => [one.field, one.op, ...one.values].map(encodeURIComponent).join(':')).join(';');
}
export function fromAddress(text: string): Condition[] {
  return text.split(';').filter(Boolean).flatMap(part => {
    const [field, op, ...values] = part.split(':').map(word => { try { return decodeURIComponent(word); } catch { return ''; } });
    return field && op ? [{ field, op, values }] : [];
  });
}

/** A condition in words: "Stage: Customer, At risk". */
export function told(kind: Kind, one: Condition, name: (field: KindField, id: string) => string): string {
  const field = kind.fields.find(each => each.name === one.field);
  if (!field) return one.field;
  const values = one.values.map(value => field.type === 'enum' ? called(field.options?.find(option => option.value === value)?.label ?? { en: value, de: value }) : field.type === 'ref' ? name(field, value) : value).join(', ');
  const label = called(field.label);
  if (['empty', 'filled', 'yes', 'no'].includes(one.op)) return `${label}: ${opText(one.op)}`;
  return one.op === 'in' ? `${label}: ${values}` : `${label} ${opText(one.op)} ${values}`;
}
