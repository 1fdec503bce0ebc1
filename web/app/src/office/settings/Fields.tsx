// Fields of one's own: what an organisation notes beside what every record has.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { get, patch, post } from '../../api/client';
import type { Me, Page } from '../../api/types';
import { t } from '../../i18n';
import { Icon } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { toastProblem } from '../../ui/toast';
import { items } from '../queries';
import { called, useKinds, type Label } from '../records/kinds';
import { FormDialog } from './FormDialog';

interface CustomField { id: string; kind: string; code: string; label: Label; type: string; options: string[]; required: boolean; private: boolean; archived: boolean; version: number }

export function FieldList({ me }: { me: Me }) {
  const queries = useQueryClient();
  const kinds = useKinds();
  const fields = useQuery({ queryKey: ['fields'], queryFn: async () => items(await get<Page<CustomField>>('/fields', { limit: 500 })) });
  const [open, setOpen] = useState<CustomField | 'new' | null>(null);
  const may = me.rights.includes('field.write');
  const fresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['fields'] }), queries.invalidateQueries({ queryKey: ['kinds'] })]);
  if (fields.isPending || kinds.isPending) return <Skeleton lines={6} />;
  if (fields.error) return <Failed problem={fields.error} retry={() => void fields.refetch()} />;
  const kindName = (name: string) => { const kind = kinds.data?.find(one => one.name === name); return kind ? called(kind.many) : name; };
  const types: [string, string][] = [['text', t('fieldType.text')], ['long', t('fieldType.long')], ['enum', t('fieldType.enum')], ['integer', t('fieldType.integer')], ['number', t('fieldType.number')], ['money', t('fieldType.money')], ['bool', t('fieldType.bool')], ['date', t('fieldType.date')], ['instant', t('fieldType.instant')], ['email', t('fieldType.email')], ['phone', t('fieldType.phone')], ['url', t('fieldType.url')]];
  const lines = (text: unknown) => String(text ?? '').split('\n').map(line => line.trim()).filter(Boolean);
  const archive = (one: CustomField) => { patch(`/fields/${one.id}`, one.version, { archived: !one.archived }).then(() => void fresh(), toastProblem); };
  return <>
    {may && <p className="row settings-tools"><button className="button" data-look="primary" onClick={() => setOpen('new')}><Icon name="plus" size={16} />{t('fields.add')}</button></p>}
    {fields.data.length === 0 ? <Empty icon="note" title={t('fields.none')} hint={t('fields.noneHint')} />
      : <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('fields.of')}</th><th scope="col">{t('settings.code')}</th><th scope="col">{t('fields.type')}</th><th scope="col">{t('settings.state')}</th><th /></tr></thead>
        <tbody>{fields.data.map(one => <tr key={one.id}><th scope="row">{called(one.label)}</th><td>{kindName(one.kind)}</td><td className="quiet">x_{one.code}</td><td>{types.find(([type]) => type === one.type)?.[1] ?? one.type}</td><td>{one.archived ? <span className="chip">{t('fields.archived')}</span> : <>{one.required && <span className="chip">{t('fields.required')}</span>} {one.private && <span className="chip">{t('fields.private')}</span>}</>}</td>
          <td className="number">{may && <><button className="link" onClick={() => setOpen(one)}>{t('records.edit')}</button> <button className="link" onClick={() => archive(one)}>{one.archived ? t('fields.bringBack') : t('fields.archive')}</button></>}</td></tr>)}</tbody></table>}
    {open === 'new' && <FormDialog title={t('fields.add')} onClose={() => setOpen(null)} fields={[
      { name: 'kind', label: t('fields.of'), kind: 'select', required: true, options: (kinds.data ?? []).filter(kind => !kind.acts && kind.fields.some(field => field.name === 'tags')).map(kind => [kind.name, called(kind.many)]) },
      { name: 'en', label: t('fields.nameEn'), required: true }, { name: 'de', label: t('fields.nameDe') }, { name: 'code', label: t('settings.code'), required: true, hint: t('fields.codeHint') },
      { name: 'type', label: t('fields.type'), kind: 'select', required: true, options: types }, { name: 'options', label: t('fields.options'), kind: 'long' }, { name: 'required', label: t('fields.required'), kind: 'check' }, { name: 'private', label: t('fields.privateHint'), kind: 'check' }]}
      done={async values => { await post('/fields', { kind: values.kind, code: values.code, label: { en: values.en, de: values.de || values.en }, type: values.type, ...(values.type === 'enum' ? { options: lines(values.options) } : {}), required: values.required, private: values.private }); await fresh(); }} />}
    {open && open !== 'new' && <FormDialog title={called(open.label)} onClose={() => setOpen(null)} values={{ en: open.label.en, de: open.label.de, options: open.options.join('\n'), required: open.required }} fields={[
      { name: 'en', label: t('fields.nameEn'), required: true }, { name: 'de', label: t('fields.nameDe') }, ...(open.type === 'enum' ? [{ name: 'options', label: t('fields.options'), kind: 'long' as const }] : []), { name: 'required', label: t('fields.required'), kind: 'check' }]}
      done={async values => { await patch(`/fields/${open.id}`, open.version, { label: { en: values.en, de: values.de || values.en }, ...(open.type === 'enum' ? { options: lines(values.options) } : {}), required: values.required }); await fresh(); }} />}
  </>;
}
