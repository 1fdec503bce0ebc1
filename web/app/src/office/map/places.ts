// Where the records of a kind lie, and what the server says of kinds and their fields.
import { useQuery } from '@tanstack/react-query';
import { call, get } from '../../api/client';
import type { components } from '../../api/openapi';
import type { Page } from '../../api/types';
import { language, number, t } from '../../i18n';
import { shortDay } from '../../i18n/format';
import { items } from '../queries';

type Told = components['schemas'];
interface Label { en: string; de: string }
export type KindField = Omit<Told['KindField'], 'options'> & { options?: { value: string; label: Label }[] | null };
export type Kind = Omit<Told['Kind'], 'fields'> & { fields: KindField[] };
export interface Places { ids: string[]; lon: number[]; lat: number[]; titles: string[]; sites: (string | null)[]; values: Record<string, unknown[]>; labels: Record<string, Record<string, string>>; more: boolean }

export const useKinds = () => useQuery({ queryKey: ['kinds'], queryFn: async ({ signal }) => items(await get<Page<Kind>>('/kinds', undefined, signal)), staleTime: 300_000 });

export const usePlaces = (plural: string | undefined, question: { q: string; filter: string }, fields: string[]) => useQuery<Places>({
  queryKey: [plural, 'places', question, fields], enabled: plural !== undefined, placeholderData: (previous, before) => before?.queryKey[0] === plural ? previous : undefined,
  queryFn: ({ signal }) => call<Places>('POST', `/${plural}/places`, { body: { q: question.q || undefined, filter: question.filter || undefined, fields: [...new Set(fields)] }, signal }),
});

export const labelOf = (label: Label) => language() === 'de' && label.de ? label.de : label.en;

const colourable = new Set(['enum', 'text', 'bool', 'integer', 'money', 'number', 'date', 'instant', 'ref']);
/** Fields that tell places apart by colour: those whose values are no secret and not all different. */
export const coloursOf = (kind: Kind) => kind.fields.filter(field => colourable.has(field.type) && !field.private && !['id', 'version', 'number', 'external_id', 'account_id', 'no', kind.title].includes(field.name));
/** Fields that give places a size. */
export const sizesBy = (kind: Kind) => kind.fields.filter(field => ['integer', 'money', 'number'].includes(field.type) && !field.private && !['version', 'no', 'confidence'].includes(field.name));
/** Fields that many records can be given the same value of. */
export const settable = (kind: Kind) => kind.writable ? kind.fields.filter(field => !field.read_only && !field.fixed && !field.private && ['enum', 'bool', 'text', 'integer', 'money', 'number', 'date', 'ref'].includes(field.type) && (field.type !== 'ref' || field.ref === 'staff' || field.ref === 'team') && field.name !== kind.title) : [];

/** A value as people read it. */
export function words(field: KindField | undefined, value: unknown, labels: Record<string, string> | undefined): string {
  if (value === null || value === undefined || value === '') return t('work.none');
  if (!field) return String(value);
  const text = String(value);
  if (field.type === 'enum') { const option = field.options?.find(one => one.value === text); return option ? labelOf(option.label) : text; }
  if (field.type === 'bool') return value === true || text === 'true' ? t('common.yes') : t('common.no');
  if (field.type === 'ref') return labels?.[text] ?? t('work.someone');
  if (field.type === 'money') return number(Number(value) / 100);
  if (typeof value === 'number') return number(value);
  if (field.type === 'date') return shortDay(text);
  if (field.type === 'instant') return shortDay(text.slice(0, 10));
  return text;
}

/** A figure on the line of a sequence as people read it; days come as milliseconds. */
export function figure(field: KindField, value: number): string {
  if (field.type === 'date' || field.type === 'instant') return shortDay(new Date(value).toISOString().slice(0, 10));
  return number(field.type === 'money' ? value / 100 : value, Number.isInteger(value) ? 0 : 1);
}
