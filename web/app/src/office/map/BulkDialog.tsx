// One value for many records: chosen, looked at beforehand, done, and taken back if wanted.
import { useEffect, useState } from 'react';
import { post } from '../../api/client';
import type { components } from '../../api/openapi';
import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { Icon } from '../../ui/icons';
import { problemText } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { useStaff, useTeams } from '../queries';
import { labelOf, settable, words, type Kind, type KindField } from './places';

export type Act = 'owner' | 'tag' | 'field';
type Preview = components['schemas']['BulkPreview'];
type Done = components['schemas']['BulkDone'];

/** As many records as one change may hold; more go in several. */
const most = 20_000;

export function BulkDialog({ act, kind, ids, onClose, onChanged }: { act: Act; kind: Kind; ids: string[]; onClose: () => void; onChanged: () => void }) {
  const staff = useStaff(), teams = useTeams();
  const fields = act === 'owner' ? kind.fields.filter(field => field.name === 'owner_id') : settable(kind);
  const [name, setName] = useState(fields[0]?.name ?? '');
  const [value, setValue] = useState('');
  const [preview, setPreview] = useState<Preview | null>(null);
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const field = act === 'tag' ? undefined : fields.find(one => one.name === name);
  const change = act === 'tag' ? value.trim() ? { add_tags: [value.trim()] } : null : field && (value !== '' || !field.required) ? { set: { [field.name]: typed(field, value) } } : null;
  const key = JSON.stringify(change);

  // What it would do is told while one is still choosing.
  useEffect(() => {
    setPreview(null);
    setWrong('');
    if (!change) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      post<Preview>(`/${kind.plural}/bulk/preview`, { ids: ids.slice(0, most), ...change }, { signal: abort.signal }).then(setPreview).catch(problem => { if (!abort.signal.aborted) { const { title, hint } = problemText(problem); setWrong(`${title}. ${hint}`); } });
    }, 300);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [key]);

  async function apply() {
    if (!change) return;
    setBusy(true);
    try {
      const sets: string[] = [];
      for (let from = 0; from < ids.length; from += most) {
        const done = await post<Done>(`/${kind.plural}/bulk`, { ids: ids.slice(from, from + most), ...change, title: t('work.title') });
        sets.push(done.change_set.id);
      }
      const undo = async () => {
        try { for (const set of sets) await post(`/changes/${set}/undo`); toast(t('work.undone')); onChanged(); } catch (problem) { toastProblem(problem); }
      };
      toast(t('work.changed', { n: preview?.changed ?? ids.length }), { undo: () => void undo() });
      onChanged();
      onClose();
    } catch (problem) {
      setBusy(false);
      const { title, hint } = problemText(problem);
      setWrong(`${title}. ${hint}`);
    }
  }

  return <Dialog title={t(act === 'owner' ? 'work.ownerOf' : act === 'tag' ? 'work.tagOf' : 'work.fieldOf', { n: ids.length })} onClose={onClose} footer={<>
    <button className="button" data-look="plain" onClick={onClose}>{t('common.cancel')}</button>
    <button className="button" data-look="primary" disabled={busy || !change || !preview || preview.changed === 0} onClick={() => void apply()}>{t('work.apply')}</button></>}>
    <form className="add-fields" onSubmit={event => { event.preventDefault(); if (preview && preview.changed > 0) void apply(); }}>
      {wrong && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" size={18} />{wrong}</p>}
      {act === 'field' && <Field label={t('work.which')}>{props => <select {...props} className="input" value={name} onChange={event => { setName(event.target.value); setValue(''); }}>{fields.map(one => <option key={one.name} value={one.name}>{labelOf(one.label)}</option>)}</select>}</Field>}
      <Field label={act === 'tag' ? t('work.tagName') : field ? labelOf(field.label) : ''}>{props => act === 'tag' || !field || !isChoice(field)
        ? <input {...props} className="input" type={field && ['integer', 'money', 'number'].includes(field.type) ? 'number' : field?.type === 'date' ? 'date' : 'text'} value={value} onChange={event => setValue(event.target.value)} />
        : <select {...props} className="input" value={value} onChange={event => setValue(event.target.value)}><option value="">{field.required ? t('work.pick') : t('work.none')}</option>{choices(field, staff.data ?? [], teams.data ?? []).map(([id, text]) => <option key={id} value={id}>{text}</option>)}</select>}</Field>
      <p className="quiet" role="status">{preview ? t('work.preview', { n: preview.changed, found: preview.found }) : change && !wrong ? t('common.loading') : ''}</p>
      {preview && preview.refused > 0 && <p className="banner"><Icon name="warn" size={16} />{t('work.refused', { n: preview.refused })} {preview.reasons[0]?.reason}</p>}
      <button type="submit" hidden />
    </form>
  </Dialog>;
}

const isChoice = (field: KindField) => field.type === 'enum' || field.type === 'bool' || field.type === 'ref';

function choices(field: KindField, staff: { id: string; name: string }[], teams: { id: string; name: string }[]): [string, string][] {
  if (field.ref === 'staff') return staff.map(one => [one.id, one.name]);
  if (field.ref === 'team') return teams.map(one => [one.id, one.name]);
  return (field.type === 'bool' ? ['true', 'false'] : (field.options ?? []).map(option => option.value)).map(value => [value, words(field, value, undefined)]);
}

/** What was typed, as the field takes it. */
function typed(field: KindField, value: string): unknown {
  if (value === '') return null;
  if (field.type === 'bool') return value === 'true';
  if (field.type === 'money') return Math.round(Number(value) * 100);
  if (field.type === 'integer' || field.type === 'number') return Number(value);
  return value;
}
