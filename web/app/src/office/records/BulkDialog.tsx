// Changing many records at once: what, a preview of what it would do, and a way back.
import { useEffect, useState } from 'react';
import { post } from '../../api/client';
import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { problemText } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { FieldInput, type Draft } from './FieldInput';
import { called, settable, show, titleOf, spokenMany, type Kind, type Row } from './kinds';

interface Preview { found: number; changed: number; refused: number; samples: { before: Row; after: Row }[]; reasons: { id: string; reason: string }[] }
export interface ChangeSet { id: string; title: string; rows: number; undone: number; undone_at?: string | null; act: string; kind: string; at: string; actor: { id: string; name: string } }

/** Takes a set of changes back, in as many requests as it needs. */
export async function undoSet(id: string): Promise<{ undone: number; left: number }> {
  for (let left = 0; ;) {
    const answer = await post<{ change_set: ChangeSet; left: unknown[] }>(`/changes/${id}/undo`);
    left += answer.left.length;
    if (answer.change_set.undone >= answer.change_set.rows) return { undone: answer.change_set.undone - left, left };
  }
}

/** first is the field that is asked for at the start, or tags. */
export function BulkDialog({ kind, first, which, count, onClose, onDone }: { kind: Kind; first?: string; which: { ids?: string[]; q?: string; filter?: string }; count: number; onClose: () => void; onDone: () => void }) {
  const fields = kind.fields.filter(field => settable(kind, field) && !field.fixed && !['point', 'refs', 'document', 'long'].includes(field.type) && field.name !== kind.title && field.name !== 'tags');
  const [name, setName] = useState(first === 'tags' ? first : fields.find(field => field.name === first)?.name ?? fields.find(field => ['stage', 'state', 'owner_id'].includes(field.name))?.name ?? fields[0]?.name ?? 'tags');
  const [draft, setDraft] = useState<Draft>({});
  const [tags, setTags] = useState({ add: '', cut: '' });
  const [preview, setPreview] = useState<Preview | null>(null);
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const field = fields.find(one => one.name === name);
  const words = (text: string) => text.split(',').map(word => word.trim()).filter(Boolean);
  const ready = name === 'tags' ? words(tags.add).length + words(tags.cut).length > 0 : name in draft;
  const asked = { ...which, ...(name === 'tags' ? { add_tags: words(tags.add), cut_tags: words(tags.cut) } : { set: { [name]: draft[name] } }), title: field ? called(field.label) : t('bulk.tags') };
  const key = JSON.stringify(asked);
  useEffect(() => {
    setPreview(null);
    setWrong('');
    if (!ready) return;
    let gone = false;
    const timer = setTimeout(() => { post<Preview>(`/${kind.plural}/bulk/preview`, asked).then(found => { if (!gone) setPreview(found); }, problem => { if (!gone) setWrong(problem.detail || problemText(problem).title); }); }, 300);
    return () => { gone = true; clearTimeout(timer); };
  }, [key, ready]);
  async function run() {
    setBusy(true);
    try {
      const done = await post<{ change_set: ChangeSet; refused: unknown[] }>(`/${kind.plural}/bulk`, asked);
      onDone();
      onClose();
      toast(t('bulk.done', { n: done.change_set.rows }), { undo: () => { undoSet(done.change_set.id).then(result => { onDone(); toast(t('bulk.undone', { n: result.undone })); }, toastProblem); } });
    } catch (problem) { setBusy(false); setWrong((problem as { detail?: string }).detail || problemText(problem).title); }
  }
  return <Dialog wide title={t('bulk.title', { n: count, kind: spokenMany(kind) })} onClose={onClose}
    footer={<><button className="button" onClick={onClose}>{t('common.cancel')}</button><button className="button" data-look="primary" disabled={busy || !preview || preview.changed === 0} onClick={() => void run()}>{preview ? t('bulk.run', { n: preview.changed }) : t('bulk.change')}</button></>}>
    <div className="form-grid">
      <div className="field"><label htmlFor="bulk-field">{t('bulk.field')}</label><select id="bulk-field" className="input" value={name} onChange={event => { setName(event.target.value); setDraft({}); }}>{fields.map(one => <option key={one.name} value={one.name}>{called(one.label)}</option>)}{kind.fields.some(one => one.name === 'tags') && <option value="tags">{t('bulk.tags')}</option>}</select></div>
      {name === 'tags' ? <><div className="field"><label htmlFor="bulk-add">{t('bulk.addTags')}</label><input id="bulk-add" className="input" value={tags.add} placeholder={t('records.tagsHint')} onChange={event => setTags({ ...tags, add: event.target.value })} /></div>
        <div className="field"><label htmlFor="bulk-cut">{t('bulk.cutTags')}</label><input id="bulk-cut" className="input" value={tags.cut} onChange={event => setTags({ ...tags, cut: event.target.value })} /></div></>
        : field && <FieldInput key={name} field={{ ...field, next: undefined, default: undefined }} draft={draft} onChange={(of, value, bad) => { if (!bad) setDraft(before => ({ ...before, [of]: value })); }} />}
    </div>
    {wrong && <p className="banner" data-tone="danger" role="alert">{wrong}</p>}
    {preview && <><p role="status">{t('bulk.preview', { found: preview.found, n: preview.changed })}{preview.refused > 0 && <> · <span className="warn-ink">{t('bulk.refused', { n: preview.refused })}</span></>}</p>
      {preview.reasons.length > 0 && <ul className="quiet">{[...new Set(preview.reasons.map(one => one.reason))].slice(0, 3).map(reason => <li key={reason}>{reason}</li>)}</ul>}
      {preview.samples.length > 0 && <table className="table"><thead><tr><th scope="col">{called(kind.fields.find(one => one.name === kind.title)!.label)}</th><th scope="col">{t('bulk.before')}</th><th scope="col">{t('bulk.after')}</th></tr></thead>
        <tbody>{preview.samples.slice(0, 8).map(one => { const shown = field ?? kind.fields.find(each => each.name === 'tags')!; return <tr key={one.before.id}><th scope="row">{titleOf(kind, one.before)}</th><td className="quiet">{show(shown, one.before, 'UTC', '') || '–'}</td><td>{field?.type === 'ref' ? String(draft[field.name.replace(/_id$/, '')] ?? '') || '–' : show(shown, one.after, 'UTC', '') || '–'}</td></tr>; })}</tbody></table>}</>}
  </Dialog>;
}
