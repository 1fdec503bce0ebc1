// Where something is: an address with suggestions, or a pin that a person sets and drags. Both always tell the same place: a
// suggestion moves the pin, and where the pin is put down becomes the words.
import { useRef, useState } from 'react';
import { get } from '../api/client';
import type { Address, Page, Point } from '../api/types';
import { t } from '../i18n';
import { Combo } from '../ui/Combo';
import { partsOf, type AddressParts } from './address';

/** A place being chosen. parts are null while the words are a person's own; taken counts suggestions taken, for the map to go there; decided says
 * that a person chose among several that fit, which is as good as a pin set by hand. */
export interface Whereabouts { text: string; parts: AddressParts | null; point: Point | null; byHand: boolean; decided?: boolean; confidence?: number; taken: number }

const nowhere: Whereabouts = { text: '', parts: null, point: null, byHand: false, taken: 0 };
const wordsOf = ({ street, house_number, postcode, city, country }: AddressParts): AddressParts => ({ street, house_number, postcode, city, country });

/** How long the pin must rest before its address is asked for, in milliseconds. */
const rest = 300;

/** The place as it is chosen. One that starts somewhere keeps its point while its words are corrected. */
export function useWhereabouts(start?: Partial<Whereabouts>) {
  const [where, setWhere] = useState<Whereabouts>({ ...nowhere, ...start });
  const asked = useRef(0);
  const kept = !!start?.point;
  return {
    where,
    typed(text: string) { asked.current++; setWhere(was => was.byHand || kept ? { ...was, text, parts: null } : { ...was, text, parts: null, point: null, decided: false }); },
    took(address: Address, decided = unsure(address)) { asked.current++; setWhere(was => ({ text: address.label, parts: wordsOf(address), point: address.point, byHand: false, decided, confidence: address.confidence, taken: was.taken + 1 })); },
    /** The pin was put down here by a person; the nearest address becomes the words, unless another answer is newer. */
    async moved(point: Point) {
      const mine = ++asked.current;
      setWhere(was => ({ ...was, point, byHand: true, confidence: undefined }));
      await new Promise(done => setTimeout(done, rest)); // keys may move it on
      if (mine !== asked.current) return;
      try {
        const nearest = (await get<Page<Address>>('/addresses/reverse', { lon: point[0], lat: point[1] })).items[0];
        if (nearest && mine === asked.current) setWhere(was => ({ ...was, text: nearest.label, parts: wordsOf(nearest) }));
      } catch { /* the pin is enough; the words can be typed */ }
    },
  };
}

/** The fields of a site's place, as the server takes them. */
export function placeOf({ text, parts, point, byHand, decided, confidence }: Whereabouts) {
  const words = parts ?? partsOf(text);
  if (!point) return words; // the server looks for it
  return byHand || decided ? { ...words, point, source: 'person' as const } : { ...words, point, source: 'geocoder' as const, confidence };
}

/** Whether a person should look twice: another place fits as well, or this one only roughly. */
export const unsure = (address: Address) => address.confidence < 0.8 || !!address.tie || address.kind === 'nearest';

export function AddressField({ chosen, near, wrong }: { chosen: ReturnType<typeof useWhereabouts>; near: Point; wrong?: string }) {
  const { where } = chosen;
  return <div className="address-field">
    <Combo<Address> label={t('add.address')} hint={where.point && where.byHand ? t('add.pinHint') : where.point ? t('add.dragHint') : t('add.addressHint')} text={where.text} onText={chosen.typed} wrong={wrong} none={t('add.noAddress')} minimum={3}
      keyOf={one => one.label + one.point.join()} search={async (q, signal) => (await get<Page<Address>>('/addresses', { q, limit: 6, near: near.join(',') }, signal)).items} onTake={one => chosen.took(one)}
      show={one => <><b>{one.label}</b>{unsure(one) && <span className="quiet">{t('add.unsure')}</span>}</>} />
    {!where.point && <button type="button" className="link" onClick={() => void chosen.moved(near)}>{t('add.dropPin')}</button>}
  </div>;
}
