// The pin a person sets: dragged with the mouse or a finger, or moved by the arrow keys.
import type { Map as MapLibre, Marker } from 'maplibre-gl';
import type { Point } from '../api/types';

/** Pixels an arrow key moves the pin, and with Shift. */
const step = 4, stride = 40;

/** A pin on the map; moved is called with where it was put down. */
export function addPin(map: MapLibre, make: typeof Marker, at: Point, label: string, moved: (point: Point) => void) {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'map-pin';
  element.setAttribute('aria-label', label);
  element.title = label;
  element.innerHTML = '<svg width="34" height="44" viewBox="0 0 34 44" aria-hidden="true"><path d="M17 42.500C17 42.500 31 27.500 31 16.200A14 14 0 0 0 3 16.200C3 27.500 17 42.500 17 42.500Z"/><circle cx="17" cy="16" r="5.200"/></svg>';
  const marker = new make({ element, anchor: 'bottom', draggable: true }).setLngLat(at).addTo(map);
  const where = (): Point => { const { lng, lat } = marker.getLngLat(); return [round(lng), round(lat)]; };
  marker.on('dragend', () => moved(where()));
  element.addEventListener('keydown', event => {
    const by = event.shiftKey ? stride : step;
    const move = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const from = map.project(marker.getLngLat());
    marker.setLngLat(map.unproject([from.x + move[0]!, from.y + move[1]!]));
    if (!map.getBounds().contains(marker.getLngLat())) map.easeTo({ center: marker.getLngLat(), duration: 200 });
    moved(where());
  });
  return {
    element,
    put(point: Point) { const now = where(); if (now[0] !== point[0] || now[1] !== point[1]) marker.setLngLat(point); },
    remove() { marker.remove(); },
  };
}

/** A pin is as exact as a finger: seven digits are a centimetre. */
const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7;
