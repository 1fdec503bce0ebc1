// What is on the map, or what was chosen of it: how many, how they split by the field of the colours, and what can be done with them.
import { useMemo, useState } from 'react';
import type { Me } from '../../api/types';
import { number, t } from '../../i18n';
import { Icon } from '../../ui/icons';
import { BulkDialog } from '../records/BulkDialog';
import { called, type Kind, type KindField } from '../records/kinds';
import { exportRecords } from './export';
import { PlanDialog } from './PlanDialog';
import { figure, words, type Places } from './places';
import { marksOf, smallest, largest, type Scale } from './scale';
import { toast, toastProblem } from '../../ui/toast';

/** As many records as one change may hold. */
const bulkMost = 20_000;

interface Props {
  me: Me; kind: Kind; places: Places; busy: boolean;
  colourField: KindField | undefined; sizeField: KindField | undefined; scale: Scale | null; inks: string[]; most: number;
  hidden: ReadonlySet<string>; onFlip: (key: string) => void;
  selection: Uint8Array | null; visible: (i: number) => boolean;
  onClear: () => void; onChanged: () => void;
}

export function Result({ me, kind, places, busy, colourField, sizeField, scale, inks, most, hidden, onFlip, selection, visible, onClear, onChanged }: Props) {
  const currency = me.organisation.currency;
  const [act, setAct] = useState<{ field: string } | 'plan' | null>(null);
  const [exporting, setExporting] = useState<number | null>(null);

  const counted = useMemo(() => {
    const per = new Uint32Array(scale?.classes.length ?? 0);
    const records = new Set<string>(), sites = new Set<string>();
    let sum = 0;
    const sizes = sizeField && places.values[sizeField.name];
    for (let i = 0; i < places.ids.length; i++) {
      if (selection && !selection[i]) continue;
      if (scale) per[scale.of[i]!]!++;
      if (!visible(i)) continue;
      if (sizes && !records.has(places.ids[i]!)) sum += Number(sizes[i]) || 0;
      records.add(places.ids[i]!);
      if (places.sites[i]) sites.add(places.sites[i]!);
    }
    return { per, ids: [...records], sites: [...sites], sum };
  }, [places, selection, visible, scale, sizeField?.name]);

  const n = counted.ids.length;
  const widest = Math.max(1, ...counted.per);
  const name = (i: number) => {
    const one = scale!.classes[i]!;
    if (one.kind === 'none') return t('work.none');
    if (one.kind === 'rest') return t('work.rest');
    if (one.kind === 'step') return one.from === one.to ? figure(colourField!, one.from!, currency) : t('work.range', { from: figure(colourField!, one.from!, currency), to: figure(colourField!, one.to!, currency) });
    return words(colourField, one.value, places.labels[colourField!.name], currency);
  };
  const mayChange = kind.writable && me.rights.includes('bulk.write');
  const owner = kind.fields.some(field => field.name === 'owner_id' && !field.read_only);

  async function save() {
    setExporting(0);
    try {
      await exportRecords(kind, counted.ids, setExporting);
    } catch (problem) { toastProblem(problem); }
    setExporting(null);
  }

  return <><aside className="work-panel" aria-label={t('work.result')} aria-busy={busy || undefined}>
    <header>
      <p className="work-count" role="status"><b>{number(n)}</b> {selection ? t('work.chosen', { kind: called(kind.many) }) : called(kind.many)}</p>
      {selection && <button className="link" onClick={onClear}>{t('work.clear')}</button>}
    </header>
    {places.more && <p className="banner" role="status"><Icon name="warn" size={16} />{t('work.more', { n: places.ids.length })}</p>}
    {sizeField && <p className="work-sum"><span>{called(sizeField.label)}</span><b>{figure(sizeField, counted.sum, currency)}</b></p>}
    {scale && colourField && <section><h2>{called(colourField.label)}</h2>
      <ul className="legend">{scale.classes.map((one, i) => <li key={one.key}><button aria-pressed={!hidden.has(one.key)} onClick={() => onFlip(one.key)}>
        <i style={{ background: inks[i] }} /><span>{name(i)}</span><em>{number(counted.per[i]!)}</em><s style={{ width: `${100 * counted.per[i]! / widest}%`, background: inks[i] }} /></button></li>)}</ul></section>}
    {sizeField && most > 0 && <section><h2>{called(sizeField.label)}</h2><ul className="size-legend">{marksOf(most, sizeField.type !== 'number').map(mark => { const r = smallest + (largest - smallest) * Math.sqrt(mark / most); return <li key={mark}><svg width={2 * largest + 2} height={2 * r + 2} aria-hidden="true"><circle cx={largest + 1} cy={r + 1} r={r} /></svg>{figure(sizeField, mark, currency)}</li>; })}</ul></section>}
    {n > 0 && <div className="work-actions" role="group" aria-label={t('work.actions')}>
      {mayChange && owner && <button className="button" onClick={() => setAct({ field: 'owner_id' })}><Icon name="person" size={16} />{t('work.owner')}</button>}
      {mayChange && kind.fields.some(field => field.name === 'tags') && <button className="button" onClick={() => setAct({ field: 'tags' })}><Icon name="pin" size={16} />{t('work.tag')}</button>}
      {mayChange && <button className="button" onClick={() => setAct({ field: '' })}><Icon name="note" size={16} />{t('work.field')}</button>}
      {me.rights.includes('visit.write') && counted.sites.length > 0 && <button className="button" onClick={() => setAct('plan')}><Icon name="day" size={16} />{t('work.plan')}</button>}
      <button className="button" disabled={exporting !== null} onClick={() => void save()}><Icon name="down" size={16} />{exporting === null ? t('work.export') : t('work.exporting', { n: exporting })}</button>
    </div>}
  </aside>
  {act && act !== 'plan' && <BulkDialog kind={kind} first={act.field} which={{ ids: counted.ids.slice(0, bulkMost) }} count={Math.min(n, bulkMost)} onClose={() => setAct(null)} onDone={onChanged} />}
  {act === 'plan' && <PlanDialog me={me} sites={counted.sites} onClose={() => setAct(null)} onDone={added => { setAct(null); toast(t('work.planned', { n: added })); onChanged(); }} />}
  </>;
}
