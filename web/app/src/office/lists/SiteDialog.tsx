// A site of an account: added, corrected, or decided upon where its address leaves open which place is meant. Its id is made here, so
// that trying again adds nothing twice.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useRef, useState } from 'react';
import { get, patch, post, Problem, uuid7 } from '../../api/client';
import type { Address, Me, Page, Site } from '../../api/types';
import { t } from '../../i18n';
import { AddressField, placeOf, useWhereabouts } from '../../map/AddressField';
import { candidateOf, candidatePins, Candidates } from '../../map/Candidates';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { Icon } from '../../ui/icons';
import { problemText, Skeleton } from '../../ui/states';
import { toast } from '../../ui/toast';
import { siteLabel } from '../day/AddVisit';

const MapView = lazy(() => import('../../map/MapView').then(module => ({ default: module.MapView })));

export function SiteDialog({ me, account, site, onClose }: { me: Me; account: string; site: Site | null; onClose: () => void }) {
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const id = useRef(uuid7());
  const start = site ? { text: addressOf(site), parts: partsOfSite(site), point: site.point, byHand: site.source === 'person' } : undefined;
  const chosen = useWhereabouts(start);
  const [text, setText] = useState({ name: site?.name ?? '', access_note: site?.access_note ?? '', contact_name: site?.contact_name ?? '', contact_phone: site?.contact_phone ?? '' });
  const [wrong, setWrong] = useState<{ address?: string; all?: string }>({});
  const [busy, setBusy] = useState(false);
  const { where } = chosen;
  /** Places the address may mean, and what to say of them. */
  const [open, setOpen] = useState<{ candidates: Address[]; note: string } | null>(site?.needs_decision ? { candidates: site.candidates ?? [], note: t('candidates.needed') } : null);
  /** The site as it was saved with a new address, where its pin had been set by a person and stayed. */
  const [kept, setKept] = useState<Site | null>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const pins = useMemo(() => candidatePins(open?.candidates ?? []), [open]);
  const take = (one: Address) => { chosen.took(one, true); setWrong({}); };
  const put = (field: keyof typeof text) => (event: { target: { value: string } }) => setText({ ...text, [field]: event.target.value });

  /** keep: where the address is not found for sure, the best place is taken and the others kept for a decision later. */
  async function submit(keep = false) {
    if (!where.point && !where.text.trim()) {
      setWrong({ address: t('need.address') });
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    setBusy(true);
    setWrong({});
    const { point, source, confidence, ...words } = { point: null, source: undefined, confidence: undefined, ...placeOf(where) };
    const trimmed = Object.fromEntries(Object.entries(text).map(([name, value]) => [name, value.trim()]));
    const if_unsure = keep ? 'keep' : undefined;
    const before = kept ?? site;
    try {
      let saved: Site;
      if (before) {
        // Only what was touched is sent: a point that is sent counts as set by a person.
        const wordsNow = { street: '', house_number: '', postcode: '', city: '', country: before.country ?? '', ...defined(words) };
        const was = before as unknown as Record<string, unknown>;
        const body: Record<string, unknown> = Object.fromEntries(Object.entries({ ...wordsNow, ...trimmed }).filter(([name, value]) => value !== (was[name] ?? '')));
        if (point && (where.decided || point[0] !== before.point[0] || point[1] !== before.point[1])) body.point = point;
        if (Object.keys(body).length === 0) { onClose(); return; }
        saved = await patch<Site>(`/sites/${before.id}`, before.version, { ...body, if_unsure });
      } else {
        saved = await post<Site>(`/accounts/${account}/sites`, { id: id.current, ...words, point: point ?? undefined, source, confidence, if_unsure, ...Object.fromEntries(Object.entries(trimmed).filter(([, value]) => value)) });
      }
      for (const queryKey of [['sites', account], ['account', account], ['timeline', account], ['accounts'], ['board'], ['visits'], ['account-visits', account]]) void queries.invalidateQueries({ queryKey });
      toast(t(site ? 'site.changed' : 'site.added', { name: saved.name || siteLabel(saved) }));
      if (saved.point_kept) await stayed(saved); else onClose();
    } catch (problem) {
      setBusy(false);
      const { title, hint } = problemText(problem);
      const address = problem instanceof Problem ? problem.field('point') : undefined;
      if (problem instanceof Problem && problem.candidates.length > 0) setOpen({ candidates: problem.candidates, note: t('candidates.needed') });
      else setWrong(address ? { address } : { all: `${title}. ${hint} ${t('problem.kept')}` });
    }
  }

  /** The pin stayed although the address is another: it can be moved to where the address leads, right here. */
  async function stayed(saved: Site) {
    let found: Address[] = [];
    try { found = (await get<Page<Address>>('/addresses', { q: addressOf(saved), limit: 3 })).items; } catch { /* the pin can be dragged all the same */ }
    setBusy(false);
    setKept(saved);
    setOpen({ candidates: found, note: t(found.length > 0 ? 'site.keptMove' : 'site.keptNone') });
  }

  return <Dialog title={site ? t('site.changeOf', { name: site.name || siteLabel(site) }) : t('site.add')} wide onClose={onClose} footer={<>
    {open && !kept && !where.decided && !where.point && <button className="button" disabled={busy} onClick={() => void submit(true)}>{t('candidates.later')}</button>}
    <button className="button" data-look="plain" onClick={onClose}>{t(kept ? 'site.keepPin' : 'common.cancel')}</button>
    <button className="button" data-look="primary" disabled={busy} onClick={() => void submit()}>{t(site ? 'site.save' : 'site.add')}</button></>}>
    <form ref={form} className="add" onSubmit={event => { event.preventDefault(); void submit(); }}>
      {wrong.all && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" size={18} />{wrong.all}</p>}
      <div className="add-fields">
        {kept && <p className="banner" role="status"><Icon name="warn" size={18} />{t('site.kept')}</p>}
        <AddressField chosen={chosen} near={me.map.centre} wrong={where.point ? undefined : wrong.address} />
        {open && <Candidates candidates={open.candidates} note={open.note} at={where.point} hovered={pointed} onHover={setPointed} onChoose={take} />}
        {where.point && wrong.address && <p className="danger-ink" role="alert">{wrong.address}</p>}
        <Field label={t('site.name')} optional>{props => <input {...props} className="input" value={text.name} onChange={put('name')} />}</Field>
        <Field label={t('add.access')} optional>{props => <textarea {...props} className="input" rows={2} value={text.access_note} onChange={put('access_note')} />}</Field>
        <div className="pair">
          <Field label={t('site.contact')} optional>{props => <input {...props} className="input" value={text.contact_name} onChange={put('contact_name')} />}</Field>
          <Field label={t('add.phone')} optional>{props => <input {...props} type="tel" className="input" value={text.contact_phone} onChange={put('contact_phone')} />}</Field>
        </div>
        <button type="submit" hidden />
      </div>
      <div className="add-map"><Suspense fallback={<Skeleton lines={6} />}>
        <MapView label={t('map.label')} land={me.map} fitKey={`taken ${where.taken} ${pins.length}`} pin={where.point} pins={pins} hovered={pointed} onHover={setPointed} onPlace={at => void chosen.moved(at)} onPick={pin => { const one = candidateOf(open?.candidates ?? [], pin); if (one) take(one); }} />
      </Suspense></div>
    </form>
  </Dialog>;
}

const partsOfSite = ({ street, house_number, postcode, city, country }: Site) => defined({ street, house_number, postcode, city, country });

/** The address alone on one line, without the site's name. */
function addressOf(site: Site): string {
  return [[site.street, site.house_number], [site.postcode, site.city]].map(words => words.filter(Boolean).join(' ')).filter(Boolean).join(', ');
}

/** What has a value; the server sends empty words as "". */
function defined(words: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(words).filter((entry): entry is [string, string] => !!entry[1]));
}
