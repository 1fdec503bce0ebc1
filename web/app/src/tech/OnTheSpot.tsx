// What comes up on the way: a lead, or something a customer asks for. What is typed stays on the phone until it was sent.
import { useEffect, useRef, useState } from 'react';
import { get, post, Problem, uuid7 } from '../api/client';
import type { Address, Page, Point } from '../api/types';
import { t } from '../i18n';
import { Field } from '../ui/Field';
import { Icon } from '../ui/icons';
import { problemText } from '../ui/states';
import { toast } from '../ui/toast';
import { Sheet } from './Sheet';
import { here, useTech } from './state';

type Words = Record<string, string>;
const leadFields = ['name', 'phone', 'interest', 'note'] as const;

export function AddSheet({ what, account, site, onClose }: { what: 'lead' | 'case'; account?: { id: string; name: string }; site?: string; onClose: () => void }) {
  const { me, today } = useTech();
  const draft = `draft ${what} ${account?.id ?? ''}`;
  const [words, setWords] = useState<Words>(() => { try { return JSON.parse(localStorage.getItem(draft) ?? '{}') as Words; } catch { return {}; } });
  const [at, setAt] = useState<{ point: Point; device: boolean } | null>(null);
  const [address, setAddress] = useState<Address | null>(null);
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const id = useRef(uuid7());
  const write = (name: string, text: string) => setWords(before => { const after = { ...before, [name]: text }; try { localStorage.setItem(draft, JSON.stringify(after)); } catch { /* storage may be full: it stays in the sheet */ } return after; });
  useEffect(() => {
    if (what !== 'lead') return;
    let gone = false;
    void here(today?.base?.point ?? me?.map.centre).then(async found => {
      if (gone || !found) return;
      setAt(found);
      if (!found.device) return;
      const near = await get<Page<Address>>('/addresses/reverse', { lon: found.point[0], lat: found.point[1] }).catch(() => null);
      if (!gone) setAddress(near?.items?.[0] ?? null);
    });
    return () => { gone = true; };
  }, []);
  async function send() {
    setBusy(true);
    const { name = '', phone = '', interest = '', note = '', title = '', description = '', priority = 'normal' } = words;
    try {
      if (what === 'lead') {
        await post('/leads', { id: id.current, name: name.trim(), phone: phone.trim(), interest: interest.trim(), note: note.trim(), source: t('spot.source'), ...(at?.device ? { point: at.point } : {}),
          ...(address ? { street: address.street ?? '', house_number: address.house_number ?? '', postcode: address.postcode ?? '', city: address.city ?? '' } : {}) }, { key: id.current });
      } else {
        await post('/cases', { id: id.current, account_id: account!.id, ...(site ? { site_id: site } : {}), title: title.trim(), description: description.trim(), priority, channel: 'visit' }, { key: id.current });
      }
      localStorage.removeItem(draft);
      toast(what === 'lead' ? t('spot.leadAdded') : t('spot.caseAdded'));
      onClose();
    } catch (problem) {
      setBusy(false);
      if (problem instanceof Problem && problem.errors.length) setWrong(Object.fromEntries(problem.errors.map(error => [(error.location ?? '').replace(/^body\./, ''), error.message])));
      else setWrong({ '': problem instanceof Problem && problem.offline ? t('spot.offline') : problemText(problem).title });
    }
  }
  const labels: Words = { name: t('spot.name'), phone: t('spot.phone'), interest: t('spot.interest'), note: t('spot.note'), title: t('spot.title'), description: t('spot.description') };
  const input = (name: string, long = false) => <Field key={name} label={labels[name]!} wrong={wrong[name]} optional={name !== 'name' && name !== 'title'}>{given => long
    ? <textarea {...given} className="input" rows={3} value={words[name] ?? ''} onChange={event => write(name, event.target.value)} />
    : <input {...given} className="input" type={name === 'phone' ? 'tel' : 'text'} value={words[name] ?? ''} onChange={event => write(name, event.target.value)} />}</Field>;
  const ready = (what === 'lead' ? words.name : words.title)?.trim();
  return <Sheet title={what === 'lead' ? t('spot.lead') : t('spot.caseOf', { name: account!.name })} onClose={onClose}>
    <form className="spot" onSubmit={event => { event.preventDefault(); if (ready) void send(); }}>
      {what === 'lead' ? leadFields.map(name => input(name, name === 'note')) : <>{input('title')}{input('description', true)}
        <fieldset className="segments"><legend>{t('spot.priority')}</legend>{(['normal', 'high', 'urgent'] as const).map(one => <label key={one}><input type="radio" name="priority" checked={(words.priority ?? 'normal') === one} onChange={() => write('priority', one)} /><span>{one === 'normal' ? t('spot.normal') : one === 'high' ? t('spot.high') : t('visit.priorityUrgent')}</span></label>)}</fieldset></>}
      {what === 'lead' && <p className="quiet"><Icon name="locate" size={16} /> {at?.device ? address?.label ?? t('spot.here') : t('spot.noPosition')}</p>}
      {wrong[''] && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" />{wrong['']}</p>}
      <button className="button big" data-look="primary" disabled={busy || !ready}>{t('spot.send')}</button>
    </form>
  </Sheet>;
}
