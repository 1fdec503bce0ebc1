// Layers and pictures of our own data on the map. Colours come from the tokens, so that a person has one colour everywhere.
import type { Map as MapLibre, LayerSpecification, StyleSpecification } from 'maplibre-gl';

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const personColour = (colour: number) => token(`--person-${((colour % 10) + 10) % 10}`);

/** Adds our sources and layers to a base map style: routes below the names, so that these can be read, pins above everything. */
export function withOurs(style: StyleSpecification, pins: GeoJSON.FeatureCollection, lines: GeoJSON.FeatureCollection, shade: 'light' | 'dark'): StyleSpecification {
  const casing = shade === 'dark' ? '#13110f' : '#ffffff';
  const accent = token('--accent');
  const dim = (full: number): any => ['case', ['boolean', ['feature-state', 'dim'], false], full * 0.22, full];
  const routes: LayerSpecification[] = [
    { id: 'our-route-casing', type: 'line', source: 'our-lines', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': casing, 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 4, 13, 7], 'line-opacity': dim(0.9) } },
    { id: 'our-route', type: 'line', source: 'our-lines', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': ['get', 'colour'], 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 2.2, 13, 4], 'line-opacity': dim(1) } },
  ];
  const pinned: LayerSpecification[] = [
    { id: 'our-route-arrows', type: 'symbol', source: 'our-lines', minzoom: 11.5, layout: { 'symbol-placement': 'line', 'symbol-spacing': 110, 'icon-image': `arrow|${casing}`, 'icon-allow-overlap': true, 'icon-ignore-placement': true }, paint: { 'icon-opacity': dim(1) } },
    { id: 'our-halo', type: 'circle', source: 'our-pins', paint: {
      'circle-radius': ['case', ['boolean', ['feature-state', 'selected'], false], 17, ['boolean', ['feature-state', 'hovered'], false], 16, 0],
      'circle-color': accent, 'circle-opacity': ['case', ['boolean', ['feature-state', 'selected'], false], 0.28, 0.16],
      'circle-stroke-color': accent, 'circle-stroke-width': ['case', ['boolean', ['feature-state', 'selected'], false], 2, 0] } },
    { id: 'our-pins', type: 'symbol', source: 'our-pins', layout: { 'icon-image': ['get', 'image'], 'icon-allow-overlap': true, 'icon-padding': 0, 'symbol-sort-key': ['get', 'sort'], 'icon-size': ['interpolate', ['linear'], ['zoom'], 8, 0.7, 12, 1] }, paint: { 'icon-opacity': dim(1) } },
  ];
  const first = style.layers.findIndex(layer => layer.type === 'symbol' && layer.id !== 'oneway');
  const names = first < 0 ? style.layers.length : first;
  return {
    ...style,
    sources: { ...style.sources, 'our-lines': { type: 'geojson', data: lines, promoteId: 'group' }, 'our-pins': { type: 'geojson', data: pins, promoteId: 'id' } },
    layers: [...style.layers.slice(0, names), ...routes, ...style.layers.slice(names), ...pinned],
  };
}

/** Draws the picture that a layer asks for by name: ours here, the base map's signs from the server. */
export async function drawImage(map: MapLibre, id: string): Promise<void> {
  const [kind, ...rest] = id.split('|');
  if (rest.length === 0) return drawSign(map, id);
  const image = kind === 'pin' ? drawPin(rest[0]!, rest[1]!, rest[2]!, rest[3]!) : kind === 'arrow' ? drawArrow(rest[0]!) : null;
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

function drawArrow(colour: string): ImageData {
  const context = canvas(12);
  context.strokeStyle = colour; context.lineWidth = 1.5; context.lineCap = context.lineJoin = 'round';
  context.beginPath(); context.moveTo(4.6, 3.6); context.lineTo(7.4, 6); context.lineTo(4.6, 8.4); context.stroke();
  return context.getImageData(0, 0, 36, 36);
}
