// A visit by hand: for whom, where, what, how long, when. A new account and its site are made on the way; what was made stays made
// when a later step fails, so that trying again does not double it.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { get, newKey, post, Problem, uuid7 } from '../../api/client';
import type { Account, Address, Me, Page, Site, Skill, Visit, VisitKind } from '../../api/types';
import { say, t } from '../../i18n';
import { longDay, wallTime } from '../../i18n/format';
import { AddressField, placeOf, useWhereabouts } from '../../map/AddressField';
import { candidateOf, candidatePins, Candidates } from '../../map/Candidates';
import { Combo } from '../../ui/Combo';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { Icon } from '../../ui/icons';
import { problemText, Skeleton } from '../../ui/states';
import { toast } from '../../ui/toast';
import { items } from '../queries';
import { select } from '../focus';

const MapView = lazy(() => import('../../map/MapView').then(module => ({ default: module.MapView })));

type WindowChoice = 'none' | 'morning' | 'afternoon' | 'own';
const hoursOf: Record<Exclude<WindowChoice, 'none'>, [string, string]> = { morning: ['08:00', '12:00'], afternoon: ['13:00', '17:00'], own: ['', ''] };
const durations = [15, 30, 45, 60, 90, 120, 180, 240];

export function siteLabel(site: Site): string {
  const street = [site.street, site.house_number].filter(Boolean).join(' ');
  const city = [site.postcode, site.city].filter(Boolean).join(' ');
  return site.label || [street, city].filter(Boolean).join(', ') || site.name || '–';
}

export function AddVisit({ me, day, zone, skills, onClose }: { me: Me; day: string; zone: string; skills: Skill[] | undefined; onClose: () => void }) {
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [mode, setMode] = useState<'existing' | 'new'>('existing');
  const [accountText, setAccountText] = useState('');
  const [account, setAccount] = useState<Account | null>(null);
  const [sites, setSites] = useState<Site[]>([]);
  const [siteId, setSiteId] = useState<string>('');
  const [kindOfAccount, setKindOfAccount] = useState<'company' | 'household'>('household');
  const chosen = useWhereabouts();
  /** Places the address may mean, where the server was not sure. */
  const [candidates, setCandidates] = useState<Address[]>([]);
  const [pointed, setPointed] = useState<string | null>(null);
  const choices = useMemo(() => candidatePins(candidates), [candidates]);
  const take = (one: Address) => { chosen.took(one, true); setWrong({}); };
  const [contact, setContact] = useState({ phone: '', access: '' });
  const [what, setWhat] = useState({ title: '', kind: 'service' as VisitKind, minutes: 60, priority: 30, skills: [] as string[], note: '' });
  const [date, setDate] = useState(day);
  const [window, setWindow] = useState<{ choice: WindowChoice; from: string; to: string }>({ choice: 'none', from: '', to: '' });
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  /** Ids are made here, so that a second try makes nothing twice. */
  const ids = useRef({ account: uuid7(), site: uuid7(), visit: uuid7(), accountMade: false, siteMade: '' });

  const needsAddress = mode === 'new' || siteId === 'new';

  useEffect(() => {
    if (!account) return;
    let gone = false;
    get<Page<Site> | Site[]>(`/accounts/${account.id}/sites`).then(page => { if (gone) return; const found = items(page); setSites(found); setSiteId(found[0]?.id ?? 'new'); }).catch(problem => { if (!gone) setWrong({ all: problemText(problem).title }); });
    return () => { gone = true; };
  }, [account]);

  function windowOf(): { start: string; end: string }[] | null {
    if (window.choice === 'none') return [];
    const [from, to] = window.choice === 'own' ? [window.from, window.to] : hoursOf[window.choice];
    const at = (time: string) => { const [h, m] = time.split(':').map(Number); return wallTime(date, h!, m!, zone); };
    if (!from || !to || at(from) >= at(to)) return null;
    return [{ start: new Date(at(from)).toISOString(), end: new Date(at(to)).toISOString() }];
  }

  async function submit() {
    const missing: Record<string, string> = {};
    if (mode === 'existing' && !account) missing.account = t('need.account');
    if (mode === 'new' && !accountText.trim()) missing.name = t('need.name');
    if (needsAddress && !chosen.where.point && !chosen.where.text.trim()) missing.address = t('need.address');
    if (!what.title.trim()) missing.title = t('need.title');
    const windows = windowOf();
    if (!windows) missing.window = t('need.window');
    setWrong(missing);
    if (Object.keys(missing).length > 0) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    setBusy(true);
    try {
      const made = ids.current;
      let accountId = account?.id ?? made.account;
      if (mode === 'new' && !made.accountMade) {
        const fresh = await post<Account>('/accounts', { id: made.account, name: accountText.trim(), kind: kindOfAccount, stage: 'customer', phone: contact.phone.trim() || undefined }, { key: made.account });
        made.accountMade = true;
        accountId = fresh.id ?? accountId;
      }
      let site = siteId;
      if (needsAddress) {
        if (!made.siteMade) {
          const fresh = await post<Site>(`/accounts/${accountId}/sites`, {
            id: made.site, ...placeOf(chosen.where), access_note: contact.access.trim() || undefined, contact_phone: contact.phone.trim() || undefined,
          });
          made.siteMade = fresh.id ?? made.site;
        }
        site = made.siteMade;
      }
      const visit = await post<Visit>('/visits', {
        id: made.visit, site_id: site, kind: what.kind, title: what.title.trim(), note: what.note.trim() || undefined, duration_seconds: what.minutes * 60, priority: what.priority,
        skills: what.skills.length > 0 ? what.skills : undefined, windows: windows!.length > 0 ? windows : undefined, earliest: date, latest: date,
      }, { key: newKey() });
      void queries.invalidateQueries({ queryKey: ['board'] });
      void queries.invalidateQueries({ queryKey: ['accounts'] });
      void queries.invalidateQueries({ queryKey: ['visits'] });
      if (date === day) select(visit?.id ?? made.visit);
      toast(t('visit.added', { title: what.title.trim(), day: longDay(date) }));
      onClose();
    } catch (problem) {
      setBusy(false);
      if (problem instanceof Problem && problem.candidates.length > 0) { setCandidates(problem.candidates); return; }
      const { title, hint } = problemText(problem);
      const fields: Record<string, string> = {};
      if (problem instanceof Problem) {
        for (const [mine, theirs] of [['title', 'title'], ['name', 'name'], ['address', 'point'], ['window', 'windows'], ['duration', 'duration_seconds'], ['skills', 'skills']] as const) {
          const found = problem.errors.find(error => error.location?.replace(/^body\.(payload\.)?/, '').startsWith(theirs));
          if (found) fields[mine] = found.message;
        }
      }
      setWrong(Object.keys(fields).length > 0 ? fields : { all: `${title}. ${hint} ${t('problem.kept')}` });
    }
  }

  return <Dialog title={t('visit.new')} wide onClose={onClose} footer={<>
    <button className="button" data-look="plain" onClick={onClose}>{t('common.cancel')}</button>
    <button className="button" data-look="primary" disabled={busy} onClick={() => void submit()}>{busy ? t('add.saving') : t('add.submit')}</button></>}>
    <form ref={form} className="add" onSubmit={event => { event.preventDefault(); void submit(); }}>
      {wrong.all && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" size={18} />{wrong.all}</p>}
      <div className="add-fields">
        <div className="switch" role="group" aria-label={t('add.account')}>
          <button type="button" aria-pressed={mode === 'existing'} onClick={() => setMode('existing')}>{t('add.existing')}</button>
          <button type="button" aria-pressed={mode === 'new'} onClick={() => { setMode('new'); setAccount(null); setSites([]); setSiteId(''); }}>{t('add.newAccount')}</button>
        </div>
        {mode === 'existing'
          ? <Combo<Account> label={t('add.account')} placeholder={t('add.findAccount')} text={accountText} onText={text => { setAccountText(text); setAccount(null); setSites([]); setSiteId(''); }} wrong={wrong.account} none={t('add.noAccount')} keyOf={one => one.id}
              search={async (q, signal) => items(await get<Page<Account>>('/accounts', { q, limit: 8 }, signal))} onTake={one => { setAccount(one); setAccountText(one.name); setWrong({}); }}
              show={one => <><b>{one.name}</b><span className="quiet">{one.number}{one.phone ? ` · ${one.phone}` : ''}</span></>} />
          : <div className="pair">
            <Field label={t('add.name')} wrong={wrong.name}>{props => <input {...props} className="input" value={accountText} onChange={event => setAccountText(event.target.value)} />}</Field>
            <Field label={t('add.kind')}>{props => <select {...props} className="input" value={kindOfAccount} onChange={event => setKindOfAccount(event.target.value as 'company')}><option value="household">{t('add.household')}</option><option value="company">{t('add.company')}</option></select>}</Field>
          </div>}
        {account && sites.length > 0 && <Field label={t('add.site')}>{props => <select {...props} className="input" value={siteId} onChange={event => setSiteId(event.target.value)}>{sites.map(site => <option key={site.id} value={site.id}>{siteLabel(site)}</option>)}<option value="new">{t('add.newSite')}</option></select>}</Field>}
        {needsAddress && <>
          <AddressField chosen={chosen} near={me.map.centre} wrong={chosen.where.point ? undefined : wrong.address} />
          {candidates.length > 0 && <Candidates candidates={candidates} note={t('candidates.needed')} at={chosen.where.point} hovered={pointed} onHover={setPointed} onChoose={take} />}
          <div className="pair">
            <Field label={t('add.phone')} optional>{props => <input {...props} type="tel" className="input" value={contact.phone} onChange={event => setContact({ ...contact, phone: event.target.value })} />}</Field>
            <Field label={t('add.access')} optional>{props => <input {...props} className="input" value={contact.access} onChange={event => setContact({ ...contact, access: event.target.value })} />}</Field>
          </div>
        </>}
        <Field label={t('add.what')} wrong={wrong.title}>{props => <input {...props} className="input" placeholder={t('add.whatHint')} value={what.title} onChange={event => setWhat({ ...what, title: event.target.value })} />}</Field>
        <div className="pair three">
          <Field label={t('add.kind')}>{props => <select {...props} className="input" value={what.kind} onChange={event => setWhat({ ...what, kind: event.target.value as VisitKind })}>{(['service', 'sales'] as const).map(kind => <option key={kind} value={kind}>{say(`kind.${kind}`, kind)}</option>)}</select>}</Field>
          <Field label={t('visit.duration')} wrong={wrong.duration}>{props => <select {...props} className="input" value={what.minutes} onChange={event => setWhat({ ...what, minutes: Number(event.target.value) })}>{durations.map(n => <option key={n} value={n}>{n < 60 || n % 60 ? n < 60 ? t('unit.minutes', { n }) : t('unit.hoursMinutes', { h: Math.floor(n / 60), m: n % 60 }) : t('unit.hours', { n: n / 60 })}</option>)}</select>}</Field>
          <Field label={t('visit.priority')}>{props => <select {...props} className="input" value={what.priority} onChange={event => setWhat({ ...what, priority: Number(event.target.value) })}><option value={10}>{t('visit.priorityLow')}</option><option value={30}>{t('visit.priorityNormal')}</option><option value={60}>{t('visit.priorityHigh')}</option><option value={90}>{t('visit.priorityUrgent')}</option></select>}</Field>
        </div>
        {skills && skills.length > 0 && <fieldset className="ticks"><legend>{t('visit.skills')}</legend>{skills.map(skill => <label key={skill.code}><input type="checkbox" checked={what.skills.includes(skill.code)} onChange={event => setWhat({ ...what, skills: event.target.checked ? [...what.skills, skill.code] : what.skills.filter(code => code !== skill.code) })} />{skill.title ?? skill.name ?? skill.code}</label>)}</fieldset>}
        {wrong.skills && <span className="wrong danger-ink">{wrong.skills}</span>}
        <div className="pair">
          <Field label={t('add.date')}>{props => <input {...props} type="date" className="input" value={date} onChange={event => { if (event.target.value) setDate(event.target.value); }} />}</Field>
          <Field label={t('visit.window')} wrong={wrong.window}>{props => <select {...props} className="input" value={window.choice} onChange={event => setWindow({ ...window, choice: event.target.value as WindowChoice })}><option value="none">{t('add.windowNone')}</option><option value="morning">{t('add.windowMorning')}</option><option value="afternoon">{t('add.windowAfternoon')}</option><option value="own">{t('add.windowOwn')}</option></select>}</Field>
        </div>
        {window.choice === 'own' && <div className="pair">
          <Field label={t('add.from')}>{props => <input {...props} type="time" step={300} className="input" value={window.from} onChange={event => setWindow({ ...window, from: event.target.value })} />}</Field>
          <Field label={t('add.to')}>{props => <input {...props} type="time" step={300} className="input" value={window.to} onChange={event => setWindow({ ...window, to: event.target.value })} />}</Field>
        </div>}
        <Field label={t('visit.note')} optional>{props => <textarea {...props} className="input" rows={2} value={what.note} onChange={event => setWhat({ ...what, note: event.target.value })} />}</Field>
        <button type="submit" hidden />
      </div>
      <div className="add-map"><Suspense fallback={<Skeleton lines={6} />}>
        <MapView label={t('map.label')} land={me.map} fitKey={`${siteId} ${chosen.where.taken} ${candidates.length}`} hovered={pointed} onHover={setPointed} onPick={pin => { const one = candidateOf(candidates, pin); if (one) take(one); }} pin={needsAddress ? chosen.where.point : null} onPlace={needsAddress ? at => void chosen.moved(at) : undefined}
          pins={needsAddress ? choices : sites.filter(site => site.id === siteId).map(site => ({ id: site.id, point: site.point, text: '', look: 'target' as const }))} />
      </Suspense></div>
    </form>
  </Dialog>;
}
