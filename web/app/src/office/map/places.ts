// Where the records of a kind lie, and which of its fields tell them apart on a map.
import { useQuery } from '@tanstack/react-query';
import { call } from '../../api/client';
import { number, t } from '../../i18n';
import { choice, dateText, money, type Kind, type KindField } from '../records/kinds';

export interface Places { ids: string[]; lon: number[]; lat: number[]; titles: string[]; sites: (string | null)[]; values: Record<string, unknown[]>; labels: Record<string, Record<string, string>>; more: boolean }

export const usePlaces = (plural: string | undefined, question: { q: string; filter: string }, fields: string[]) => useQuery<Places>({
  queryKey: [plural, 'places', question, fields], enabled: plural !== undefined, placeholderData: (previous, before) => before?.queryKey[0] === plural ? previous : undefined,
  queryFn: ({ signal }) => call<Places>('POST', `/${plural}/places`, { body: { q: question.q || undefined, filter: question.filter || undefined, fields: [...new Set(fields)] }, signal }),
});

const colourable = new Set(['enum', 'text', 'bool', 'integer', 'money', 'number', 'date', 'instant', 'ref']);
/** Fields that tell places apart by colour: those whose values are no secret and not all different. */
export const coloursOf = (kind: Kind) => kind.fields.filter(field => colourable.has(field.type) && !field.private && !['id', 'version', 'number', 'external_id', 'account_id', 'no', kind.title].includes(field.name));
/** Fields that give places a size. */
export const sizesBy = (kind: Kind) => kind.fields.filter(field => ['integer', 'money', 'number'].includes(field.type) && !field.private && !['version', 'no', 'confidence'].includes(field.name));
/** A value as people read it. */
export function words(field: KindField | undefined, value: unknown, labels: Record<string, string> | undefined, currency: string): string {
  if (value === null || value === undefined || value === '') return t('work.none');
  if (!field) return String(value);
  const text = String(value);
  if (field.type === 'enum') return choice(field, text);
  if (field.type === 'bool') return value === true || text === 'true' ? t('common.yes') : t('common.no');
  if (field.type === 'ref') return labels?.[text] ?? t('work.someone');
  if (field.type === 'money') return money(Number(value), currency);
  if (typeof value === 'number') return number(value);
  if (field.type === 'date') return dateText(text);
  if (field.type === 'instant') return dateText(text.slice(0, 10));
  return text;
}

/** A figure on the line of a sequence as people read it; days come as milliseconds. */
export function figure(field: KindField, value: number, currency: string): string {
  if (field.type === 'date' || field.type === 'instant') return dateText(new Date(value).toISOString().slice(0, 10));
  return field.type === 'money' ? money(value, currency) : number(value, Number.isInteger(value) ? 0 : 1);
}
