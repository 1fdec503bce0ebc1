// A small form in a dialog: its fields are told, what is wrong is shown beside them, and nothing closes before it is saved.
import { useState } from 'react';
import { Problem } from '../../api/client';
import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { problemText } from '../../ui/states';

export interface FormField { name: string; label: string; kind?: 'text' | 'email' | 'password' | 'number' | 'date' | 'time' | 'datetime-local' | 'select' | 'many' | 'check' | 'long'; options?: [string, string][]; required?: boolean; hint?: string }
export type FormValues = Record<string, string | boolean | string[]>;

export function FormDialog({ title, fields, values: given, save, done, onClose }: { title: string; fields: FormField[]; values?: FormValues; save?: string; done: (values: FormValues) => Promise<unknown>; onClose: () => void }) {
  const [values, setValues] = useState<FormValues>({ ...Object.fromEntries(fields.map(field => [field.name, field.kind === 'check' ? false : field.kind === 'many' ? [] : field.kind === 'select' && field.required ? field.options?.[0]?.[0] ?? '' : ''])), ...given });
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const set = (name: string, value: string | boolean | string[]) => { setValues(before => ({ ...before, [name]: value })); setWrong(before => { const { [name]: _, ...rest } = before; return rest; }); };
  async function send() {
    const missing = fields.filter(field => field.required && !values[field.name]);
    if (missing.length) { setWrong(Object.fromEntries(missing.map(field => [field.name, t('form.needed')]))); return; }
    setBusy(true);
    try { await done(values); onClose(); } catch (problem) {
      setBusy(false);
      const named: Record<string, string> = {};
      if (problem instanceof Problem) for (const error of problem.errors) named[(error.location ?? '').replace(/^body\./, '').replace(/[[.].*$/, '')] = error.message;
      setWrong({ ...named, '': problem instanceof Problem && problem.detail ? problem.detail : problemText(problem).title });
    }
  }
  return <Dialog title={title} onClose={onClose} footer={<><button className="button" onClick={onClose}>{t('common.cancel')}</button><button className="button" data-look="primary" disabled={busy} onClick={() => void send()}>{save ?? t('records.save')}</button></>}>
    <form className="spot" onSubmit={event => { event.preventDefault(); void send(); }}>
      {fields.map(field => {
        const value = values[field.name];
        if (field.kind === 'check') return <label key={field.name} className="check"><input type="checkbox" checked={!!value} onChange={event => set(field.name, event.target.checked)} />{field.label}</label>;
        if (field.kind === 'many') return <fieldset key={field.name} className="choices"><legend>{field.label}</legend>{(field.options ?? []).map(([option, text]) => <label key={option} className="check"><input type="checkbox" checked={(value as string[]).includes(option)} onChange={() => set(field.name, (value as string[]).includes(option) ? (value as string[]).filter(one => one !== option) : [...(value as string[]), option])} />{text}</label>)}{wrong[field.name] && <span className="wrong">{wrong[field.name]}</span>}</fieldset>;
        return <Field key={field.name} label={field.label} wrong={wrong[field.name]} optional={!field.required}>{input => <>
          {field.kind === 'select' ? <select {...input} className="input" value={String(value)} onChange={event => set(field.name, event.target.value)}>{!field.required && <option value="">–</option>}{(field.options ?? []).map(([option, text]) => <option key={option} value={option}>{text}</option>)}</select>
            : field.kind === 'long' ? <textarea {...input} className="input" rows={4} value={String(value)} onChange={event => set(field.name, event.target.value)} />
            : <input {...input} className="input" type={field.kind ?? 'text'} value={String(value)} autoComplete={field.kind === 'password' ? 'new-password' : 'off'} onChange={event => set(field.name, event.target.value)} />}
          {field.hint && <span className="hint">{field.hint}</span>}</>}</Field>;
      })}
      {wrong[''] && <p className="banner" data-tone="danger" role="alert">{wrong['']}</p>}
      <button type="submit" hidden />
    </form>
  </Dialog>;
}
