// The view is kept on the loaded land: what lies beyond is faded and nobody should get lost in it.

export type Bounds = [west: number, south: number, east: number, north: number];
/** The view in CSS pixels and how far it is turned, in degrees. */
export interface View { width: number; height: number; bearing: number }

/** Pixels of the world's width at zoom 0. */
const tile = 512;
/** From this zoom on the whole loaded land may be seen among its neighbours, however large the screen. */
const amongNeighbours = 8;
/** Share of half the view that may lie beyond the land, so that what stands at its edge can be brought clear of panels. */
const beyond = 0.5;

const mercatorX = (lon: number) => (lon + 180) / 360;
const mercatorY = (lat: number) => (1 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / Math.PI) / 2;
const latitude = (y: number) => (Math.atan(Math.exp((1 - 2 * y) * Math.PI)) * 360) / Math.PI - 90;

/** The smallest box around both. */
export const joined = (a: Bounds, b: Bounds | null): Bounds => b ? [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])] : a;

/** The zoom at which the land takes up half of the view: farther out there is nothing to see. */
export function leastZoom([west, south, east, north]: Bounds, { width, height }: View): number {
  const across = Math.max(mercatorX(east) - mercatorX(west), 1e-6), down = Math.max(mercatorY(south) - mercatorY(north), 1e-6);
  const fit = Math.log2(Math.min(Math.max(width, 1) / (tile * across), Math.max(height, 1) / (tile * down)));
  return Math.max(0, Math.min(fit - 1, amongNeighbours));
}

/** The nearest centre and zoom at which the view stays on the land. */
export function keepWithin(land: Bounds, view: View, [lon, lat]: [number, number], zoom: number): { lon: number; lat: number; zoom: number } {
  const kept = Math.max(zoom, leastZoom(land, view));
  const world = tile * 2 ** kept, turn = (view.bearing * Math.PI) / 180;
  const across = (Math.abs(view.width * Math.cos(turn)) + Math.abs(view.height * Math.sin(turn))) / world / 2;
  const down = (Math.abs(view.width * Math.sin(turn)) + Math.abs(view.height * Math.cos(turn))) / world / 2;
  return {
    lon: between(mercatorX(lon), mercatorX(land[0]), mercatorX(land[2]), across) * 360 - 180,
    lat: latitude(between(mercatorY(lat), mercatorY(land[3]), mercatorY(land[1]), down)), zoom: kept,
  };
}

/** Where the middle of a view of the half size may be between two edges; where the view is larger than what is between them, their middle. */
function between(at: number, low: number, high: number, half: number): number {
  const slack = half * (1 - beyond);
  const least = low + slack, most = high - slack;
  return least > most ? (low + high) / 2 : Math.min(Math.max(at, least), most);
}
