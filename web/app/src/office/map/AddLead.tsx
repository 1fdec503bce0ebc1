// A lead where a finger rests on the map: its address is looked up, its name is all that must be typed.
import { useEffect, useRef, useState } from 'react';
import { lazy, Suspense } from 'react';
import { post, Problem, uuid7 } from '../../api/client';
import type { Me, Point } from '../../api/types';
import { t } from '../../i18n';
import { AddressField, placeOf, useWhereabouts } from '../../map/AddressField';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { Icon } from '../../ui/icons';
import { problemText, Skeleton } from '../../ui/states';
import { toast } from '../../ui/toast';

const MapView = lazy(() => import('../../map/MapView').then(module => ({ default: module.MapView })));

export function AddLead({ me, at, onClose, onAdded }: { me: Me; at: Point; onClose: () => void; onAdded: () => void }) {
  const chosen = useWhereabouts({ point: at, byHand: true });
  const { where } = chosen;
  const [name, setName] = useState('');
  const [kind, setKind] = useState<'company' | 'household'>('company');
  const [phone, setPhone] = useState('');
  const [note, setNote] = useState('');
  const [wrong, setWrong] = useState<{ name?: string; all?: string }>({});
  const [busy, setBusy] = useState(false);
  const id = useRef(uuid7());
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => { void chosen.moved(at); first.current?.focus(); }, []);

  async function submit() {
    if (!name.trim()) { setWrong({ name: t('need.name') }); first.current?.focus(); return; }
    setBusy(true);
    setWrong({});
    const { point, source: _, confidence: __, ...address } = { source: undefined, confidence: undefined, ...placeOf(where), point: where.point };
    try {
      await post('/leads', { id: id.current, name: name.trim(), kind, point, ...Object.fromEntries(Object.entries(address).filter(([, value]) => value)), phone: phone.trim() || undefined, note: note.trim() || undefined, source: t('work.leadSource') }, { key: id.current });
      toast(t('work.leadAdded', { name: name.trim() }));
      onAdded();
      onClose();
    } catch (problem) {
      setBusy(false);
      const { title, hint } = problemText(problem);
      const field = problem instanceof Problem ? problem.field('name') : undefined;
      setWrong(field ? { name: field } : { all: `${title}. ${problem instanceof Problem && problem.errors[0]?.message || hint} ${t('problem.kept')}` });
    }
  }

  return <Dialog title={t('work.addLead')} wide onClose={onClose} footer={<>
    <button className="button" data-look="plain" onClick={onClose}>{t('common.cancel')}</button>
    <button className="button" data-look="primary" disabled={busy} onClick={() => void submit()}>{t('work.addLead')}</button></>}>
    <form className="add" onSubmit={event => { event.preventDefault(); void submit(); }}>
      {wrong.all && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" size={18} />{wrong.all}</p>}
      <div className="add-fields">
        <div className="pair">
          <Field label={t('add.name')} wrong={wrong.name}>{props => <input {...props} ref={first} className="input" value={name} onChange={event => setName(event.target.value)} />}</Field>
          <Field label={t('add.kind')}>{props => <select {...props} className="input" value={kind} onChange={event => setKind(event.target.value as 'company')}><option value="company">{t('add.company')}</option><option value="household">{t('add.household')}</option></select>}</Field>
        </div>
        <AddressField chosen={chosen} near={at} />
        <Field label={t('add.phone')} optional>{props => <input {...props} type="tel" className="input" value={phone} onChange={event => setPhone(event.target.value)} />}</Field>
        <Field label={t('visit.note')} optional>{props => <textarea {...props} className="input" rows={2} value={note} onChange={event => setNote(event.target.value)} />}</Field>
        <button type="submit" hidden />
      </div>
      <div className="add-map"><Suspense fallback={<Skeleton lines={6} />}><MapView label={t('map.label')} land={me.map} fitKey={`lead ${where.taken}`} pin={where.point} onPlace={to => void chosen.moved(to)} /></Suspense></div>
    </form>
  </Dialog>;
}
