// Layers and pictures of our own data on the map. Colours come from the tokens, so that a person has one colour everywhere.
import type { Map as MapLibre, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { openColour, siteColour } from './data';

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const personColour = (colour: number) => token(`--person-${((colour % 10) + 10) % 10}`);

/** From this zoom on every pin stands for itself; farther out they gather, so that towns stay readable. */
const apart = 12;

/** What is drawn of ours: pins that gather, pins that stand alone, lines, and what is in focus. */
export interface Drawn { pins: GeoJSON.FeatureCollection; marks: GeoJSON.FeatureCollection; lines: GeoJSON.FeatureCollection; focus: GeoJSON.FeatureCollection }

/** Adds our sources and layers to a base map style: routes below the names, so that these can be read, pins above everything. */
export function withOurs(style: StyleSpecification, { pins, marks, lines, focus }: Drawn, shade: 'light' | 'dark'): StyleSpecification {
  const casing = shade === 'dark' ? '#13110f' : '#ffffff';
  const accent = token('--accent');
  const dim = (full: number): any => ['case', ['boolean', ['feature-state', 'dim'], false], full * 0.22, full];
  const routes: LayerSpecification[] = [
    { id: 'our-route-casing', type: 'line', source: 'our-lines', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': casing, 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 4, 13, 7], 'line-opacity': dim(0.9) } },
    { id: 'our-route', type: 'line', source: 'our-lines', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': ['get', 'colour'], 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 2.2, 13, 4], 'line-opacity': dim(1) } },
  ];
  const symbol = (id: string, source: string, more: object = {}): LayerSpecification => ({ id, type: 'symbol', source, layout: { 'icon-image': ['get', 'image'], 'icon-allow-overlap': true, 'icon-padding': 0, 'symbol-sort-key': ['get', 'sort'], 'icon-size': ['interpolate', ['linear'], ['zoom'], 8, 0.7, 12, 1] }, paint: { 'icon-opacity': dim(1) }, ...more } as LayerSpecification);
  const chosen = ['==', ['get', 'light'], 'selected'] as any;
  const pinned: LayerSpecification[] = [
    { id: 'our-route-arrows', type: 'symbol', source: 'our-lines', minzoom: 11.5, layout: { 'symbol-placement': 'line', 'symbol-spacing': 110, 'icon-image': `arrow|${casing}`, 'icon-allow-overlap': true, 'icon-ignore-placement': true }, paint: { 'icon-opacity': dim(1) } },
    symbol('our-pins', 'our-pins', { filter: ['!', ['has', 'point_count']] }),
    symbol('our-marks', 'our-marks'),
    { id: 'our-clusters', type: 'symbol', source: 'our-pins', filter: ['has', 'point_count'], layout: {
      'icon-image': ['concat', 'cluster|', ['to-string', ['get', 'point_count']], '|', ['case', ['==', ['get', 'low'], ['get', 'high']], ['to-string', ['get', 'low']], ''], '|', ['case', ['>', ['get', 'open'], 0], '1', ''], `|${shade}`],
      'icon-allow-overlap': true, 'icon-padding': 0, 'symbol-sort-key': ['get', 'point_count'] } },
    { id: 'our-halo', type: 'circle', source: 'our-focus', paint: {
      'circle-radius': ['case', chosen, 17, 16], 'circle-color': accent, 'circle-opacity': ['case', chosen, 0.28, 0.16], 'circle-stroke-color': accent, 'circle-stroke-width': ['case', chosen, 2, 0] } },
    { id: 'our-focus', type: 'symbol', source: 'our-focus', layout: { 'icon-image': ['get', 'image'], 'icon-allow-overlap': true, 'icon-padding': 0, 'icon-size': ['interpolate', ['linear'], ['zoom'], 8, 0.7, 12, 1] } },
  ];
  const first = style.layers.findIndex(layer => layer.type === 'symbol' && layer.id !== 'oneway');
  const names = first < 0 ? style.layers.length : first;
  return {
    ...style,
    sources: {
      ...style.sources, 'our-lines': { type: 'geojson', data: lines, promoteId: 'group' },
      'our-pins': { type: 'geojson', data: pins, promoteId: 'id', cluster: true, clusterRadius: 34, clusterMaxZoom: apart - 1, clusterProperties: { low: ['min', ['get', 'colour']], high: ['max', ['get', 'colour']], open: ['+', ['get', 'open']] } },
      'our-marks': { type: 'geojson', data: marks, promoteId: 'id' }, 'our-focus': { type: 'geojson', data: focus },
    },
    layers: [...style.layers.slice(0, names), ...routes, ...style.layers.slice(names), ...pinned],
  };
}

/** Draws the picture that a layer asks for by name: ours here, the base map's signs from the server. */
export async function drawImage(map: MapLibre, id: string): Promise<void> {
  const [kind, ...rest] = id.split('|');
  if (rest.length === 0) return drawSign(map, id);
  const image = kind === 'pin' ? drawPin(rest[0]!, rest[1]!, rest[2]!, rest[3]!) : kind === 'cluster' ? drawCluster(Number(rest[0]), rest[1]!, rest[2] === '1', rest[3]!) : kind === 'arrow' ? drawArrow(rest[0]!) : null;
  if (image && !map.hasImage(id)) map.addImage(id, image, { pixelRatio: 3 });
}

/** Fetches a sign of the base map. A road number's plate stretches between its corners, 5 pixels each way. */
async function drawSign(map: MapLibre, id: string): Promise<void> {
  const sign = new Image();
  sign.src = `/map/icons/${encodeURIComponent(id)}.svg`;
  try { await sign.decode(); } catch { return; } // the name stands without its sign
  const scale = 3, width = sign.width * scale, height = sign.height * scale, corner = 5 * scale;
  const element = document.createElement('canvas');
  element.width = width; element.height = height;
  const context = element.getContext('2d')!;
  context.drawImage(sign, 0, 0, width, height);
  if (map.hasImage(id)) return;
  map.addImage(id, context.getImageData(0, 0, width, height), id.startsWith('shield-')
    ? { pixelRatio: scale, stretchX: [[corner, width - corner]], stretchY: [[corner, height - corner]], content: [2 * scale, 2 * scale, width - 2 * scale, height - 2 * scale] }
    : { pixelRatio: scale });
}

function canvas(size: number): CanvasRenderingContext2D {
  const element = document.createElement('canvas');
  element.width = element.height = size * 3;
  const context = element.getContext('2d')!;
  context.scale(3, 3);
  return context;
}

function drawPin(look: string, colour: string, text: string, shade: string): ImageData {
  const size = 30, mid = size / 2;
  const context = canvas(size);
  const edge = shade === 'dark' ? '#13110f' : '#ffffff';
  const ink = colour === '' ? token('--warn') : personColour(Number(colour));
  const disc = (radius: number, fill: string) => { context.beginPath(); context.arc(mid, mid, radius, 0, 2 * Math.PI); context.fillStyle = fill; context.fill(); };
  context.shadowColor = 'rgba(0,0,0,.28)'; context.shadowBlur = 3; context.shadowOffsetY = 1;
  if (look === 'open') { // no place yet: a diamond, so that it differs by shape too
    context.beginPath(); context.moveTo(mid, 3); context.lineTo(size - 3, mid); context.lineTo(mid, size - 3); context.lineTo(3, mid); context.closePath();
    context.fillStyle = edge; context.fill();
    context.shadowColor = 'transparent'; context.lineWidth = 2.5; context.lineJoin = 'round'; context.strokeStyle = ink; context.stroke();
  } else if (look === 'base') {
    context.beginPath(); context.roundRect(5, 5, size - 10, size - 10, 5); context.fillStyle = edge; context.fill();
    context.shadowColor = 'transparent';
    context.beginPath(); context.roundRect(7, 7, size - 14, size - 14, 3.5); context.fillStyle = colour === '' ? token('--ink-2') : ink; context.fill();
    context.strokeStyle = edge; context.lineWidth = 1.6; context.lineJoin = 'round';
    context.beginPath(); context.moveTo(10.5, 15); context.lineTo(15, 10.8); context.lineTo(19.5, 15); context.moveTo(11.8, 14.3); context.lineTo(11.8, 19); context.lineTo(18.2, 19); context.lineTo(18.2, 14.3); context.stroke();
    return context.getImageData(0, 0, size * 3, size * 3);
  } else if (look === 'me') {
    disc(9, edge); context.shadowColor = 'transparent'; disc(6.5, '#1c6fd6');
  } else if (look === 'target') {
    disc(11, edge); context.shadowColor = 'transparent'; disc(8.5, token('--accent')); disc(3, edge);
  } else {
    disc(12.5, edge); context.shadowColor = 'transparent'; disc(11, look === 'site' ? token('--accent') : ink);
    if (look === 'closed') { disc(11, edge); context.globalAlpha = 0.35; disc(11, ink); context.globalAlpha = 1; }
  }
  if (text) {
    context.font = `600 ${text.length > 2 ? 9 : 11.5}px "Noto Sans", sans-serif`;
    context.textAlign = 'center'; context.textBaseline = 'middle';
    context.fillStyle = look === 'open' ? ink : look === 'closed' ? token('--ink') : look === 'site' ? token('--on-accent') : token('--on-person');
    context.fillText(text, mid, mid + 0.7);
  }
  return context.getImageData(0, 0, size * 3, size * 3);
}

/** The size of a cluster, in pixels: its area grows with the count, within what a finger and an eye can take. */
export const clusterSize = (count: number) => Math.round(Math.min(56, 22 + 3.2 * Math.sqrt(count)));

/** A count as it fits into a cluster: 1,284 is 1.3k. */
export const short = (count: number) => count < 1000 ? String(count) : count < 9950 ? `${(count / 1000).toFixed(1).replace('.0', '')}k` : `${Math.round(count / 1000)}k`;

/** Several pins in one: in the colour they share, else in ink; a ring says that some of them have no place yet. */
function drawCluster(count: number, colour: string, open: boolean, shade: string): ImageData {
  const size = clusterSize(count), mid = size / 2;
  const context = canvas(size);
  const edge = shade === 'dark' ? '#13110f' : '#ffffff';
  const disc = (radius: number, fill: string) => { context.beginPath(); context.arc(mid, mid, radius, 0, 2 * Math.PI); context.fillStyle = fill; context.fill(); };
  context.shadowColor = 'rgba(0,0,0,.28)'; context.shadowBlur = 3; context.shadowOffsetY = 1;
  disc(mid - 3, edge);
  context.shadowColor = 'transparent';
  if (open) disc(mid - 3, token('--warn'));
  if (open) disc(mid - 5, edge);
  const shared = colour === '' ? NaN : Number(colour);
  disc(mid - (open ? 6 : 4.5), shared === siteColour ? token('--accent') : shared === openColour ? edge : shared >= 0 ? personColour(shared) : token('--ink-2'));
  const text = short(count);
  context.font = `600 ${size < 28 ? 10.5 : text.length > 3 ? 11 : 12}px "Noto Sans", sans-serif`;
  context.textAlign = 'center'; context.textBaseline = 'middle';
  context.fillStyle = shared === siteColour ? token('--on-accent') : shared === openColour ? token('--warn') : shared >= 0 ? token('--on-person') : edge;
  context.fillText(text, mid, mid + 0.7);
  return context.getImageData(0, 0, size * 3, size * 3);
}

function drawArrow(colour: string): ImageData {
  const context = canvas(12);
  context.strokeStyle = colour; context.lineWidth = 1.5; context.lineCap = context.lineJoin = 'round';
  context.beginPath(); context.moveTo(4.6, 3.6); context.lineTo(7.4, 6); context.lineTo(4.6, 8.4); context.stroke();
  return context.getImageData(0, 0, 36, 36);
}
