// A site of an account: added, or corrected. Its id is made here, so that trying again adds nothing twice.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useRef, useState } from 'react';
import { patch, post, Problem, uuid7 } from '../../api/client';
import type { Me, Site } from '../../api/types';
import { t } from '../../i18n';
import { AddressField, placeOf, useWhereabouts } from '../../map/AddressField';
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
  const put = (field: keyof typeof text) => (event: { target: { value: string } }) => setText({ ...text, [field]: event.target.value });

  async function submit() {
    if (!where.point) {
      setWrong({ address: t('need.address') });
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    setBusy(true);
    setWrong({});
    const { point, source, confidence, ...words } = placeOf(where);
    const trimmed = Object.fromEntries(Object.entries(text).map(([name, value]) => [name, value.trim()]));
    try {
      let saved: Site;
      if (site) {
        // Only what was touched is sent: a point that is sent counts as set by a person.
        const wordsNow = { street: '', house_number: '', postcode: '', city: '', country: site.country ?? '', ...defined(words) };
        const changed = { ...wordsNow, ...trimmed };
        const before = site as unknown as Record<string, string | null | undefined>;
        const body: Record<string, unknown> = Object.fromEntries(Object.entries(changed).filter(([name, value]) => value !== (before[name] ?? '')));
        if (point![0] !== site.point[0] || point![1] !== site.point[1]) body.point = point;
        if (Object.keys(body).length === 0) { onClose(); return; }
        saved = await patch<Site>(`/sites/${site.id}`, site.version, body);
      } else {
        saved = await post<Site>(`/accounts/${account}/sites`, { id: id.current, ...words, point, source, confidence, ...Object.fromEntries(Object.entries(trimmed).filter(([, value]) => value)) }, { key: id.current });
      }
      for (const queryKey of [['sites', account], ['account', account], ['timeline', account], ['accounts'], ['board'], ['visits'], ['account-visits', account]]) void queries.invalidateQueries({ queryKey });
      toast(t(site ? 'site.changed' : 'site.added', { name: saved.name || siteLabel(saved) }));
      onClose();
    } catch (problem) {
      setBusy(false);
      const { title, hint } = problemText(problem);
      const address = problem instanceof Problem ? problem.field('point') : undefined;
      setWrong(address ? { address } : { all: `${title}. ${hint} ${t('problem.kept')}` });
    }
  }

  return <Dialog title={site ? t('site.changeOf', { name: site.name || siteLabel(site) }) : t('site.add')} wide onClose={onClose} footer={<>
    <button className="button" data-look="plain" onClick={onClose}>{t('common.cancel')}</button>
    <button className="button" data-look="primary" disabled={busy} onClick={() => void submit()}>{t(site ? 'site.save' : 'site.add')}</button></>}>
    <form ref={form} className="add" onSubmit={event => { event.preventDefault(); void submit(); }}>
      {wrong.all && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" size={18} />{wrong.all}</p>}
      <div className="add-fields">
        <AddressField chosen={chosen} near={me.map.centre} wrong={where.point ? undefined : wrong.address} />
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
        <MapView label={t('map.label')} land={me.map} fitKey={`taken ${where.taken}`} pin={where.point} onPlace={at => void chosen.moved(at)} />
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
