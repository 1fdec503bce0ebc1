// Search on the map: a place or an address as people type it, and the map goes there.
import { useState } from 'react';
import { get } from '../api/client';
import type { Address, Page, Point } from '../api/types';
import { t } from '../i18n';
import { Combo } from '../ui/Combo';

/** How close the map goes to what was found. */
const zooms: Record<string, number> = { place: 13.5, postcode: 13, street: 16 };

export function MapSearch({ near, onGo, onClear }: { near: () => Point; onGo: (point: Point, zoom: number) => void; onClear: () => void }) {
  const [text, setText] = useState('');
  return <div className="map-search" role="search">
    <Combo<Address> label={t('map.search')} placeholder={t('map.search')} text={text} onText={now => { setText(now); if (!now) onClear(); }} none={t('map.searchNone')}
      keyOf={one => one.label + one.point.join()} search={async (q, signal) => (await get<Page<Address>>('/addresses', { q, limit: 6, near: near().map(n => n.toFixed(5)).join(',') }, signal)).items}
      onTake={one => { setText(one.label); onGo(one.point, zooms[one.kind ?? ''] ?? 17); }} show={one => <b>{one.label}</b>} />
  </div>;
}
