// Visits to all places chosen, for a day's planner to put in order.
import { useRef, useState } from 'react';
import { post, uuid7 } from '../../api/client';
import type { Me, Visit, VisitKind } from '../../api/types';
import { say, t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { Icon } from '../../ui/icons';
import { problemText } from '../../ui/states';

/** More visits than this are a campaign, not a day. */
const most = 300;

export function PlanDialog({ me, sites, onClose, onDone }: { me: Me; sites: string[]; onClose: () => void; onDone: (added: number) => void }) {
  const [title, setTitle] = useState('');
  const [kind, setKind] = useState<VisitKind>('sales');
  const [minutes, setMinutes] = useState(30);
  const [day, setDay] = useState<string>(me.day);
  const [done, setDone] = useState<number | null>(null);
  const [wrong, setWrong] = useState('');
  /** Ids are made here, so that a second try adds nothing twice. */
  const ids = useRef(sites.map(() => uuid7()));
  const added = useRef(new Set<string>());
  const many = sites.length > most;

  async function apply() {
    if (!title.trim()) { setWrong(t('need.title')); return; }
    setWrong('');
    setDone(added.current.size);
    try {
      const left = sites.map((site, i) => ({ site, id: ids.current[i]! })).filter(({ id }) => !added.current.has(id));
      const next = async () => {
        for (let one = left.shift(); one; one = left.shift()) {
          await post<Visit>('/visits', { id: one.id, site_id: one.site, kind, title: title.trim(), duration_seconds: minutes * 60, priority: 30, earliest: day, latest: day }, { key: one.id });
          added.current.add(one.id);
          setDone(added.current.size);
        }
      };
      await Promise.all([next(), next(), next(), next()]);
      onDone(sites.length);
    } catch (problem) {
      setDone(null);
      const { title, hint } = problemText(problem);
      setWrong(`${title}. ${hint} ${t('work.planKept', { n: added.current.size })}`);
    }
  }

  return <Dialog title={t('work.planOf', { n: sites.length })} onClose={onClose} footer={<>
    <button className="button" data-look="plain" onClick={onClose}>{t('common.cancel')}</button>
    <button className="button" data-look="primary" disabled={done !== null || many} onClick={() => void apply()}>{done === null ? t('work.planAdd') : t('work.planning', { done, n: sites.length })}</button></>}>
    <form className="add-fields" onSubmit={event => { event.preventDefault(); void apply(); }}>
      {(wrong || many) && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" size={18} />{many ? t('work.planMany', { n: most }) : wrong}</p>}
      <Field label={t('add.what')}>{props => <input {...props} className="input" value={title} onChange={event => setTitle(event.target.value)} />}</Field>
      <div className="pair">
        <Field label={t('add.kind')}>{props => <select {...props} className="input" value={kind} onChange={event => setKind(event.target.value as VisitKind)}>{(['sales', 'service'] as const).map(one => <option key={one} value={one}>{say(`kind.${one}`, one)}</option>)}</select>}</Field>
        <Field label={t('visit.duration')}>{props => <select {...props} className="input" value={minutes} onChange={event => setMinutes(Number(event.target.value))}>{[15, 30, 45, 60, 90].map(n => <option key={n} value={n}>{t('unit.minutes', { n })}</option>)}</select>}</Field>
      </div>
      <Field label={t('add.date')}>{props => <input {...props} type="date" className="input" value={day} onChange={event => { if (event.target.value) setDay(event.target.value); }} />}</Field>
      <button type="submit" hidden />
    </form>
  </Dialog>;
}
