// Closing a visit: done with a note, or why it could not be done.
import { useState } from 'react';
import { t } from '../i18n';
import type { Row } from './day';
import { Sheet } from './Sheet';
import { Icon } from '../ui/icons';
import { toastProblem } from '../ui/toast';
import { takePhoto } from './photos';
import { tap } from './state';

const reasons = ['no_access', 'parts', 'time', 'skill', 'customer', 'other'] as const;

export function CloseSheet({ row, how, onClose }: { row: Row; how: 'done' | 'cannot'; onClose: () => void }) {
  const draft = `note ${row.visit.id}`;
  const [note, setNote] = useState(() => sessionStorage.getItem(draft) ?? '');
  const [reason, setReason] = useState<(typeof reasons)[number]>('no_access');
  const write = (text: string) => { setNote(text); sessionStorage.setItem(draft, text); };
  function send() {
    sessionStorage.removeItem(draft);
    if (how === 'done') void tap('complete', row.visit, { note: note.trim() }, t('tech.did.complete'));
    else if (reason === 'no_access') void tap('no_access', row.visit, { note: note.trim() }, t('tech.did.no_access'));
    else void tap('cannot_complete', row.visit, { reason, note: note.trim() }, t('tech.did.cannot_complete'));
    onClose();
  }
  const labels = { no_access: t('reasonTech.no_access'), parts: t('reasonTech.parts'), time: t('reasonTech.time'), skill: t('reasonTech.skill'), customer: t('reasonTech.customer'), other: t('reasonTech.other') };
  return <Sheet title={how === 'done' ? t('tech.doneTitle') : t('tech.cannotTitle')} onClose={onClose}>
    {how === 'cannot' && <fieldset className="choices"><legend className="spoken">{t('tech.cannotTitle')}</legend>
      {reasons.map(one => <label key={one} className="choice"><input type="radio" name="reason" value={one} checked={reason === one} onChange={() => setReason(one)} /><span>{labels[one]}</span></label>)}
    </fieldset>}
    <div className="field"><label htmlFor="closing-note">{t('tech.note')} <span className="faint">({t('common.optional')})</span></label>
      <textarea id="closing-note" className="input" rows={4} value={note} placeholder={t('tech.notePlaceholder')} onChange={event => write(event.target.value)} /></div>
    <PhotoInput visit={row.visit.id} />
    <button className="button big" data-look="primary" onClick={send}>{how === 'done' ? t('tech.do.complete') : t('tech.send')}</button>
  </Sheet>;
}

/** The camera, or a picture that is there; each is kept on the phone at once and sent by itself. */
export function PhotoInput({ visit }: { visit: string }) {
  const [taken, setTaken] = useState<string[]>([]);
  async function take(files: FileList | null) {
    for (const file of files ?? []) {
      try { await takePhoto(visit, file); const address = URL.createObjectURL(file); setTaken(before => [...before, address]); } catch (problem) { toastProblem(problem); }
    }
  }
  return <div className="photos">
    <label className="button big"><Icon name="camera" />{t('photo.take')}<input type="file" accept="image/*" capture="environment" multiple className="spoken" onChange={event => { void take(event.target.files); event.target.value = ''; }} /></label>
    {taken.length > 0 && <ul>{taken.map((address, i) => <li key={address}><img src={address} alt={t('photo.of', { n: i + 1 })} /></li>)}</ul>}
  </div>;
}
