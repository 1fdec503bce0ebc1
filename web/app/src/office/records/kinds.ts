// What the server tells of each kind of record, and how a field's value is said, typed and read back.
import { useQuery } from '@tanstack/react-query';
import { get } from '../../api/client';
import type { Page } from '../../api/types';
import { language, number, t } from '../../i18n';
import { moment, shortDay } from '../../i18n/format';
import { items } from '../queries';

export interface Label { en: string; de: string }
export type FieldType = 'text' | 'long' | 'email' | 'phone' | 'url' | 'enum' | 'integer' | 'money' | 'number' | 'bool' | 'date' | 'instant' | 'ref' | 'refs' | 'tags' | 'point' | 'document';
export interface KindField {
  name: string; label: Label; type: FieldType; options?: { value: string; label: Label }[]; next?: Record<string, string[]>; needs?: Record<string, string[]>; ref?: string;
  required?: boolean; read_only?: boolean; fixed?: boolean; private?: boolean; sortable?: boolean; custom?: boolean; default?: unknown;
}
export interface Kind {
  name: string; plural: string; label: Label; many: Label; title: string; sorted: string; placed: boolean; searched: boolean; acts: boolean; writable: boolean; fields: KindField[];
}
export type Row = Record<string, unknown> & { id: string; version: number };

export const called = (label: Label) => label[language()] || label.en;

/** A kind within a sentence: small in English, where only names are capital. */
export const spoken = (kind: Kind) => language() === 'en' ? kind.label.en.toLowerCase() : called(kind.label);
export const spokenMany = (kind: Kind) => language() === 'en' ? kind.many.en.toLowerCase() : called(kind.many);

export const useKinds = () => useQuery({ queryKey: ['kinds'], queryFn: async () => items(await get<Page<Kind>>('/kinds', { limit: 500 })), staleTime: 300_000 });

/** Kinds people look at on a map; sites are there as those of their accounts. */
const mapped = new Set(['account', 'lead', 'deal', 'case', 'installation', 'contract', 'order']);
export const onMap = (kind: Kind) => kind.placed && mapped.has(kind.name);

export const fieldOf = (kind: Kind, name: string) => kind.fields.find(field => field.name === name);
/** The name under which what a reference is called stands beside it. */
export const labelName = (name: string) => name.endsWith('_id') ? name.slice(0, -3) : `${name}_label`;
export const titleOf = (kind: Kind, row: Row) => String(row[kind.title] || row.number || t('records.untitled'));

/** A field as people read it; empty for nothing. */
export function show(field: KindField, row: Row, zone: string, currency: string): string {
  const value = row[field.name];
  if (field.type === 'ref') return String(row[labelName(field.name)] ?? '');
  if (value === null || value === undefined || value === '') return '';
  switch (field.type) {
    case 'enum': return choice(field, String(value));
    case 'integer': return number(value as number);
    case 'number': return number(value as number, Number.isInteger(value) ? 0 : 2);
    case 'money': return money(value as number, String(row.currency || currency));
    case 'bool': return value ? t('common.yes') : t('common.no');
    case 'date': return dateText(String(value));
    case 'instant': return moment(String(value), zone);
    case 'tags': return (value as string[]).join(', ');
    case 'refs': return number((value as string[]).length);
    case 'point': return (value as number[]).map(n => n.toFixed(5)).reverse().join(', ');
    default: return String(value);
  }
}

export const choice = (field: KindField, value: string) => { const found = field.options?.find(option => option.value === value); return found ? called(found.label) : value; };

/** "23 Nov 2026". */
export const dateText = (day: string) => /^\d{4}/.test(day) ? `${shortDay(day).replace(/^\S+\s/, '')} ${day.slice(0, 4)}` : day;

/** Minor units as people write money; whole amounts without the small change. */
export function money(minor: number, currency: string): string {
  return new Intl.NumberFormat(language() === 'de' ? 'de-CH' : 'en-GB', { style: 'currency', currency: currency || 'EUR', minimumFractionDigits: minor % 100 === 0 ? 0 : 2, maximumFractionDigits: 2 }).format(minor / 100);
}

/** What stands in an input for a value. */
export function typed(field: KindField, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (field.type === 'money') return String((value as number) / 100);
  if (field.type === 'tags') return (value as string[]).join(', ');
  if (field.type === 'instant') return local(String(value));
  return String(value);
}

/** The minute of an instant on this device's clock, as a datetime-local input takes it. */
function local(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What an input's text means; undefined if it is no such value. */
export function read(field: KindField, text: string): unknown {
  const trimmed = text.trim();
  switch (field.type) {
    case 'integer': case 'number': case 'money': {
      if (trimmed === '') return null;
      const value = decimal(trimmed);
      if (value === undefined) return undefined;
      if (field.type === 'money') return Math.round(value * 100);
      return field.type === 'integer' && !Number.isInteger(value) ? undefined : value;
    }
    case 'bool': return /^(true|yes|ja|1|x)$/i.test(trimmed) ? true : /^(false|no|nein|0|)$/i.test(trimmed) ? false : undefined;
    case 'date': return trimmed === '' ? null : day(trimmed);
    case 'instant': { if (trimmed === '') return null; const at = new Date(trimmed); return Number.isNaN(at.getTime()) ? undefined : at.toISOString(); }
    case 'tags': return trimmed === '' ? [] : trimmed.split(',').map(word => word.trim()).filter(Boolean);
    case 'enum': { if (trimmed === '') return ''; const found = field.options?.find(option => [option.value, option.label.en, option.label.de].some(word => word.toLowerCase() === trimmed.toLowerCase())); return found?.value; }
    case 'ref': return trimmed === '' ? null : trimmed;
    default: return trimmed;
  }
}

/** A number as typed in either language: 1'200.50, 1.200,50, 1 200. */
export function decimal(text: string): number | undefined {
  let plain = text.replace(/[\s'’\u00a0\u202f]/g, '').replace(/^[A-Z]{3}|[A-Z]{3}$|[€$£]/g, '');
  const comma = plain.lastIndexOf(','), point = plain.lastIndexOf('.');
  if (comma > point) plain = plain.replaceAll('.', '').replace(',', '.');
  else plain = plain.replaceAll(',', '');
  return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : undefined;
}

/** A day as typed: 2026-11-23, 23.11.2026, 23/11/2026. */
function day(text: string): string | undefined {
  const iso = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text), local = /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(text);
  const [year, month, date] = iso ? [iso[1]!, iso[2]!, iso[3]!] : local ? [local[3]!, local[2]!.padStart(2, '0'), local[1]!.padStart(2, '0')] : ['', '', ''];
  const found = `${year}-${month}-${date}`;
  return !Number.isNaN(Date.parse(found)) && new Date(`${found}T00:00:00Z`).toISOString().startsWith(found) ? found : undefined;
}

/** Tones of states that mean the same wherever they stand. */
const tones: Record<string, 'ok' | 'warn' | 'danger' | 'accent'> = {
  customer: 'ok', won_back: 'ok', won: 'ok', active: 'ok', resolved: 'ok', closed: 'ok', done: 'ok', fulfilled: 'ok', invoiced: 'ok', converted: 'ok', confirmed: 'accent', qualified: 'accent', negotiation: 'accent', in_progress: 'accent', working: 'accent',
  at_risk: 'warn', waiting_customer: 'warn', waiting_parts: 'warn', high: 'warn', expired: 'warn', reopened: 'warn', lost: 'danger', urgent: 'danger', disqualified: 'danger', cancelled: 'danger', failed: 'danger', complaint: 'danger',
};
export const tone = (value: string) => tones[value];

/** Columns shown unless a view says otherwise: the title, what people ask for first, never the long ones. */
export function usualColumns(kind: Kind): string[] {
  const wanted: Record<string, string[]> = {
    account: ['name', 'number', 'stage', 'class', 'owner_id', 'industry', 'phone', 'email', 'sites_count', 'tags', 'updated_at'],
    contact: ['name', 'account_id', 'role', 'phone', 'mobile', 'email', 'owner_id', 'updated_at'],
    lead: ['name', 'number', 'state', 'source', 'city', 'interest', 'score', 'next_step_on', 'owner_id', 'phone', 'created_at'],
    deal: ['name', 'account_id', 'stage', 'amount', 'probability', 'close_on', 'next_step', 'next_step_on', 'owner_id', 'updated_at'],
    order: ['number', 'account_id', 'state', 'total', 'ordered_on', 'deliver_on', 'reference', 'owner_id'],
    product: ['name', 'code', 'group_id', 'kind', 'price', 'active', 'updated_at'],
    case: ['title', 'number', 'state', 'priority', 'type', 'account_id', 'due_at', 'channel', 'owner_id', 'created_at'],
    installation: ['name', 'number', 'account_id', 'site_id', 'product_id', 'serial', 'status', 'installed_on', 'next_service_on'],
    contract: ['name', 'number', 'account_id', 'kind', 'state', 'yearly', 'start_on', 'end_on', 'owner_id'],
    activity: ['subject', 'channel', 'direction', 'account_id', 'outcome', 'at', 'due_at', 'done', 'owner_id'],
  };
  const names = wanted[kind.name] ?? [kind.title, ...kind.fields.filter(field => field.name !== kind.title && !['id', 'version', 'long', 'point', 'document'].includes(field.type) && field.name !== 'id' && field.name !== 'version').slice(0, 8).map(field => field.name)];
  return [...names.filter(name => fieldOf(kind, name)), ...kind.fields.filter(field => field.custom).slice(0, 4).map(field => field.name)];
}

/** How wide a column is, in pixels. */
export function width(field: KindField, title: boolean): number {
  if (title) return 240;
  switch (field.type) {
    case 'bool': return 90;
    case 'integer': case 'number': return 100;
    case 'money': case 'date': return 120;
    case 'enum': return 130;
    case 'instant': return 170;
    case 'ref': return 190;
    case 'email': case 'tags': return 190;
    default: return field.name === 'number' ? 110 : 160;
  }
}

/** Whether people may set the field in forms and grids. */
export const settable = (kind: Kind, field: KindField) => kind.writable && !kind.acts && !field.read_only;
