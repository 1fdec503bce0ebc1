// Records as a table for a spreadsheet.
import { call } from '../../api/client';
import type { Page } from '../../api/types';
import { called, labelName, type Kind } from '../records/kinds';

/** As many ids as fit into one question's filter. */
const lot = 90;

/** Saves the records as a CSV file; told counts those fetched. */
export async function exportRecords(kind: Kind, ids: readonly string[], told: (n: number) => void): Promise<void> {
  const rows: Record<string, unknown>[] = [];
  for (let from = 0; from < ids.length; from += lot) {
    const page = await call<Page<Record<string, unknown>>>('POST', `/${kind.plural}/query`, { body: { filter: `id in (${ids.slice(from, from + lot).join(', ')})`, limit: 500 } });
    rows.push(...page.items);
    told(rows.length);
  }
  const fields = kind.fields.filter(field => field.type !== 'document' && field.name !== 'version');
  const lines = [fields.map(field => called(field.label)), ...rows.map(row => fields.map(field => field.type === 'ref' ? row[labelName(field.name)] ?? row[field.name] : row[field.name]))];
  // The mark at the front tells spreadsheets that it is UTF-8.
  const file = new Blob(['\ufeff' + csv(lines)], { type: 'text/csv;charset=utf-8' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = `${kind.plural}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Lines of values after RFC 4180. What a spreadsheet would take for a formula is kept a text. */
export const csv = (lines: readonly (readonly unknown[])[]) => lines.map(line => line.map(cell).join(',')).join('\r\n') + '\r\n';

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  let text = Array.isArray(value) ? value.join(' ') : typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text) && !/^\+?[\d ()/-]+$/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}
