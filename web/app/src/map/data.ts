// What we draw on the map, and how it becomes sources and layers of a MapLibre style.
import type { Point } from '../api/types';

/** A place with a number or letter: a stop of a route, an unassigned visit, a site, a base, or where the reader is. */
export interface Pin { id: string; point: Point; text: string; colour?: number; look: 'stop' | 'closed' | 'open' | 'site' | 'base' | 'me' | 'target'; weight?: number; group?: string; label?: string }
/** A route line in a person's colour; group is whose it is. */
export interface Line { id: string; group: string; colour: number; parts: Point[][] }

const empty = { type: 'FeatureCollection' as const, features: [] as GeoJSON.Feature[] };

/** Looks that stand for themselves at every zoom; the others gather in clusters when seen from afar. */
const alone: ReadonlySet<Pin['look']> = new Set(['base', 'me', 'target']);
export const gathers = (pin: Pin) => !alone.has(pin.look);

/** The pins as GeoJSON. Later pins lie on top: what is open or the reader's own comes last. */
export function pinsData(pins: readonly Pin[], shade: 'light' | 'dark'): GeoJSON.FeatureCollection {
  return {
    ...empty,
    features: pins.map(pin => ({
      type: 'Feature',
      properties: {
        id: pin.id, image: pinImage(pin, shade), sort: (pin.look === 'open' ? 1000 : pin.look === 'me' ? 2000 : pin.look === 'base' ? -1 : 0) + (pin.weight ?? 0),
        group: pin.group ?? '', colour: pin.colour ?? (pin.look === 'site' ? siteColour : openColour), open: pin.look === 'open' ? 1 : 0,
      },
      geometry: { type: 'Point', coordinates: pin.point },
    })),
  };
}

/** What a cluster says of the colours in it, where they are no person's: sites, and what has no place. */
export const siteColour = -2, openColour = -1;

/** What is pointed at or chosen, drawn once more above everything, so that it is seen within a cluster too. The chosen one comes last. */
export function focusData(pins: readonly Pin[], hovered: string | null | undefined, selected: string | null | undefined, shade: 'light' | 'dark'): GeoJSON.FeatureCollection {
  const features: GeoJSON.Feature[] = [];
  for (const [id, light] of [[hovered === selected ? null : hovered, 'hovered'], [selected, 'selected']] as const) {
    const pin = id ? pins.find(one => one.id === id) : undefined;
    if (pin) features.push({ type: 'Feature', properties: { id: pin.id, image: pinImage(pin, shade), light }, geometry: { type: 'Point', coordinates: pin.point } });
  }
  return { ...empty, features };
}

export function linesData(lines: readonly Line[], hex: (colour: number) => string): GeoJSON.FeatureCollection {
  return {
    ...empty,
    features: lines.map(line => ({
      type: 'Feature', properties: { id: line.id, group: line.group, colour: hex(line.colour) },
      geometry: { type: 'MultiLineString', coordinates: line.parts.filter(part => part.length > 1) },
    })),
  };
}

/** The name of a pin's picture tells everything needed to draw it, so that each is drawn once. */
export const pinImage = (pin: Pin, shade: string) => ['pin', pin.look, pin.colour ?? '', pin.text, shade].join('|');

/** The box around points, or null when there are none. */
export function boundsOf(points: Iterable<Point>): [number, number, number, number] | null {
  let west = Infinity, south = Infinity, east = -Infinity, north = -Infinity;
  for (const [lon, lat] of points) {
    west = Math.min(west, lon); east = Math.max(east, lon);
    south = Math.min(south, lat); north = Math.max(north, lat);
  }
  return west <= east ? [west, south, east, north] : null;
}

/** The tiles that cover a line at the zooms from..to, with a margin of one tile, as [z, x, y]; at most `limit` of them, low zooms first. */
export function tilesAlong(line: readonly Point[], from: number, to: number, limit = 600): [number, number, number][] {
  const seen = new Set<string>();
  const tiles: [number, number, number][] = [];
  for (let z = from; z <= to; z++) {
    const size = 2 ** z;
    for (const [lon, lat] of line) {
      const x = Math.floor((lon + 180) / 360 * size);
      const sin = Math.sin(lat * Math.PI / 180);
      const y = Math.floor((0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * size);
      for (let dx = -1; dx <= 1; dx++) for (let dy = -1; dy <= 1; dy++) {
        const tx = (x + dx + size) % size, ty = y + dy;
        if (ty < 0 || ty >= size || seen.has(`${z}/${tx}/${ty}`)) continue;
        if (tiles.length >= limit) return tiles;
        seen.add(`${z}/${tx}/${ty}`);
        tiles.push([z, tx, ty]);
      }
    }
  }
  return tiles;
}

/** The tiles around a view that is covered by tiles of zoom z, one wide: where the next drag of the map leads. */
export function tilesAround([west, south, east, north]: [number, number, number, number], z: number): [number, number, number][] {
  const size = 2 ** z;
  const across = (lon: number) => Math.floor((lon + 180) / 360 * size);
  const down = (lat: number) => { const sin = Math.sin(lat * Math.PI / 180); return Math.floor((0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * size); };
  const left = across(west), right = across(east), top = down(north), bottom = down(south);
  const tiles: [number, number, number][] = [];
  for (let x = left - 1; x <= right + 1; x++) for (let y = top - 1; y <= bottom + 1; y++) {
    if (x >= left && x <= right && y >= top && y <= bottom || y < 0 || y >= size) continue;
    tiles.push([z, (x + size) % size, y]);
  }
  return tiles;
}
