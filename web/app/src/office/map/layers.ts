// What the work map draws over the base map: places as points, clusters or heat, and the outlines of what was chosen.
import type { GeoJSONSource, LayerSpecification, Map as MapLibre } from 'maplibre-gl';
import type { Point } from '../../api/types';
import { siteColour } from '../../map/data';
import { ringOf, type Step } from './select';

export type Look = 'points' | 'clusters' | 'heat';

/** Places ready to be drawn: coordinates, colour, radius, and whether each is shown and chosen (2: there is no choice). */
export interface DrawnPlaces { lon: readonly number[]; lat: readonly number[]; colour: (i: number) => string; radius: Float32Array; weight: (i: number) => number; shown: (i: number) => boolean; on: (i: number) => 0 | 1 | 2 }

/** The layer that a click on a place hits, and that of clusters. */
export const placeLayer = 'work-places', clusterLayer = 'work-clusters';

/** How much smaller places are drawn where there are many, so that they do not hide one another: half the size at twenty thousand. */
export const crowding = (count: number) => Math.min(1, Math.max(0.45, (1500 / Math.max(count, 1)) ** 0.25));

export function placesData({ lon, lat, colour, radius, weight, shown, on }: DrawnPlaces): GeoJSON.FeatureCollection {
  const features: GeoJSON.Feature[] = [];
  const crowd = crowding(lon.length);
  for (let i = 0; i < lon.length; i++) {
    if (!shown(i)) continue;
    const state = on(i);
    features.push({ type: 'Feature', properties: { i, c: colour(i), r: radius[i]! * crowd, w: weight(i), on: state, sort: state === 1 ? 1000 - radius[i]! : -radius[i]! }, geometry: { type: 'Point', coordinates: [lon[i]!, lat[i]!] } });
  }
  return { type: 'FeatureCollection', features };
}

export function shapesData(steps: readonly Step[]): GeoJSON.FeatureCollection {
  return { type: 'FeatureCollection', features: steps.flatMap(step => step.mode === 'invert' ? [] : [{ type: 'Feature' as const, properties: { mode: step.mode }, geometry: { type: 'Polygon' as const, coordinates: [ringOf(step.shape)] } }]) };
}

/** Adds sources and layers of a look to the map, in place of those of another. */
export function setLook(map: MapLibre, look: Look, shade: 'light' | 'dark', accent: string, danger: string): void {
  for (const id of [placeLayer, clusterLayer, 'work-heat', 'work-shape-fill', 'work-shape']) if (map.getLayer(id)) map.removeLayer(id);
  if (map.getSource('work')) map.removeSource('work');
  if (!map.getSource('work-shapes')) map.addSource('work-shapes', { type: 'geojson', data: shapesData([]) });
  const data = placesData({ lon: [], lat: [], colour: () => '', radius: new Float32Array(), weight: () => 0, shown: () => false, on: () => 2 });
  map.addSource('work', look === 'clusters' ? { type: 'geojson', data, cluster: true, clusterRadius: 46, clusterMaxZoom: 15 } : { type: 'geojson', data });
  const edge = shade === 'dark' ? '#13110f' : '#ffffff';
  const taken = ['==', ['get', 'mode'], 'subtract'] as any;
  const by = (radius: number): any => ['*', ['get', 'r'], radius];
  const layers: LayerSpecification[] = [
    { id: 'work-shape-fill', type: 'fill', source: 'work-shapes', paint: { 'fill-color': ['case', taken, danger, accent], 'fill-opacity': 0.07 } },
    { id: 'work-shape', type: 'line', source: 'work-shapes', paint: { 'line-color': ['case', taken, danger, accent], 'line-width': 1.6, 'line-dasharray': [3, 2] } },
  ];
  if (look === 'heat') layers.push({ id: 'work-heat', type: 'heatmap', source: 'work', filter: ['!=', ['get', 'on'], 0], paint: {
    'heatmap-weight': ['get', 'w'], 'heatmap-radius': ['interpolate', ['exponential', 1.4], ['zoom'], 7, 10, 12, 26, 16, 60], 'heatmap-opacity': 0.72,
    'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 7, 0.6, 15, 1.6],
    'heatmap-color': ['interpolate', ['linear'], ['heatmap-density'], 0, 'rgba(0,0,0,0)', ...(shade === 'dark' ? [0.15, '#482677', 0.4, '#33638d', 0.65, '#20a387', 0.85, '#73d055', 1, '#fde725'] : [0.15, '#fde2b8', 0.4, '#f9b26b', 0.65, '#ec7750', 0.85, '#c43c57', 1, '#7a1d5e'])] as any } });
  else layers.push({ id: placeLayer, type: 'circle', source: 'work', filter: ['!', ['has', 'point_count']], layout: { 'circle-sort-key': ['get', 'sort'] }, paint: {
    'circle-color': ['get', 'c'], 'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, by(0.6), 12, by(0.85), 16, by(1.3)],
    'circle-opacity': ['case', ['==', ['get', 'on'], 0], 0.28, 0.92], 'circle-stroke-color': ['case', ['==', ['get', 'on'], 1], accent, edge],
    'circle-stroke-width': ['case', ['==', ['get', 'on'], 1], ['min', 2, ['*', 0.4, ['get', 'r']]], ['min', 1, ['*', 0.25, ['get', 'r']]]], 'circle-stroke-opacity': ['case', ['==', ['get', 'on'], 0], 0.3, 1] } });
  if (look === 'clusters') layers.push({ id: clusterLayer, type: 'symbol', source: 'work', filter: ['has', 'point_count'], layout: {
    'icon-image': ['concat', 'cluster|', ['to-string', ['get', 'point_count']], `|${siteColour}||${shade}`], 'icon-allow-overlap': true, 'icon-padding': 0, 'symbol-sort-key': ['get', 'point_count'] } });
  for (const layer of layers) map.addLayer(layer);
}

/** Shows other places, or other steps, in the look that is there. */
export const show = (map: MapLibre, source: 'work' | 'work-shapes', data: GeoJSON.FeatureCollection) => void (map.getSource(source) as GeoJSONSource | undefined)?.setData(data);

/** The place at a point of the screen, the cluster there, or neither. */
export async function hit(map: MapLibre, at: { x: number; y: number }): Promise<number | 'moved' | null> {
  const around: [[number, number], [number, number]] = [[at.x - 4, at.y - 4], [at.x + 4, at.y + 4]];
  const cluster = map.getLayer(clusterLayer) && map.queryRenderedFeatures(around, { layers: [clusterLayer] })[0];
  if (cluster) {
    const zoom = await (map.getSource('work') as GeoJSONSource).getClusterExpansionZoom(cluster.properties.cluster_id);
    map.easeTo({ center: (cluster.geometry as GeoJSON.Point).coordinates as Point, zoom: zoom + 0.3, duration: 250 });
    return 'moved';
  }
  const place = map.getLayer(placeLayer) && map.queryRenderedFeatures(around, { layers: [placeLayer] })[0];
  return place ? place.properties.i as number : null;
}
