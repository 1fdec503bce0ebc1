// Choosing places by shapes drawn on the map: each shape replaces the choice, adds to it, takes from it or narrows it. The choice is
// worked out from the steps anew whenever the places change, so that it stays true when a filter does.
import type { Point } from '../../api/types';

export type Shape = { kind: 'polygon'; points: Point[] } | { kind: 'circle'; centre: Point; meters: number } | { kind: 'box'; bounds: readonly [west: number, south: number, east: number, north: number] };
export type Mode = 'replace' | 'add' | 'subtract' | 'intersect';
export type Step = { mode: Mode; shape: Shape } | { mode: 'invert' };
/** Where places lie, number by number. */
export interface Coordinates { lon: readonly number[]; lat: readonly number[] }

/** The mean radius of the earth in metres: a drawn circle is as exact as the hand. */
const earth = 6_371_008.8;
const radians = Math.PI / 180;

/** The length of the great circle between two points, in metres. */
export function metersBetween(a: Point, b: Point): number {
  const dLat = (b[1] - a[1]) * radians, dLon = (b[0] - a[0]) * radians;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a[1] * radians) * Math.cos(b[1] * radians) * Math.sin(dLon / 2) ** 2;
  return 2 * earth * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The point at a distance and a bearing (degrees from north), for drawing circles. */
export function pointAt([lon, lat]: Point, meters: number, bearing: number): Point {
  const d = meters / earth, b = bearing * radians, from = lat * radians;
  const to = Math.asin(Math.sin(from) * Math.cos(d) + Math.cos(from) * Math.sin(d) * Math.cos(b));
  return [lon + Math.atan2(Math.sin(b) * Math.sin(d) * Math.cos(from), Math.cos(d) - Math.sin(from) * Math.sin(to)) / radians, to / radians];
}

/** The ring of a shape, closed, as it is drawn. */
export function ringOf(shape: Shape): Point[] {
  if (shape.kind === 'polygon') return [...shape.points, shape.points[0]!];
  if (shape.kind === 'circle') return Array.from({ length: 73 }, (_, i) => pointAt(shape.centre, shape.meters, i * 5));
  const [west, south, east, north] = shape.bounds;
  return [[west, south], [east, south], [east, north], [west, north], [west, south]];
}

/** Whether a point lies in a polygon, by the even-odd rule: what a lasso goes around twice lies outside. */
function inPolygon(points: readonly Point[], lon: number, lat: number): boolean {
  let inside = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [x1, y1] = points[i]!, [x2, y2] = points[j]!;
    if (y1 > lat !== y2 > lat && lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

export function contains(shape: Shape, lon: number, lat: number): boolean {
  if (shape.kind === 'polygon') return inPolygon(shape.points, lon, lat);
  if (shape.kind === 'circle') return metersBetween(shape.centre, [lon, lat]) <= shape.meters;
  const [west, south, east, north] = shape.bounds;
  return lon >= west && lon <= east && lat >= south && lat <= north;
}

/** Which places are chosen after all steps, or null if nothing was drawn. */
export function chosen(steps: readonly Step[], { lon, lat }: Coordinates): Uint8Array | null {
  if (steps.length === 0) return null;
  const out = new Uint8Array(lon.length);
  for (const step of steps) {
    for (let i = 0; i < out.length; i++) {
      if (step.mode === 'invert') { out[i] = 1 - out[i]!; continue; }
      // What cannot change the answer is not looked at.
      if (step.mode === 'add' && out[i] || (step.mode === 'subtract' || step.mode === 'intersect') && !out[i]) continue;
      const hit = contains(step.shape, lon[i]!, lat[i]!);
      out[i] = step.mode === 'subtract' ? hit ? 0 : 1 : hit ? 1 : 0;
    }
  }
  return out;
}

/** A step added: one that replaces makes the steps before it needless, and turning round twice is nothing. */
export function withStep(steps: readonly Step[], step: Step): Step[] {
  if (step.mode === 'replace') return [step];
  if (step.mode === 'invert' && steps.at(-1)?.mode === 'invert') return steps.slice(0, -1);
  return [...steps, step];
}

/** A drawn line with fewer points: those within `tolerance` pixels of the line between their neighbours are left out (Douglas and Peucker 1973). */
export function thinned<P extends readonly [number, number]>(line: readonly P[], tolerance: number): P[] {
  if (line.length < 3) return [...line];
  const keep = new Set([0, line.length - 1]);
  const stretches: [number, number][] = [[0, line.length - 1]];
  for (let stretch = stretches.pop(); stretch; stretch = stretches.pop()) {
    const [a, b] = stretch;
    let worst = 0, at = -1;
    for (let i = a + 1; i < b; i++) {
      const off = awayFrom(line[i]!, line[a]!, line[b]!);
      if (off > worst) { worst = off; at = i; }
    }
    if (worst > tolerance) { keep.add(at); stretches.push([a, at], [at, b]); }
  }
  return line.filter((_, i) => keep.has(i));
}

function awayFrom([x, y]: readonly [number, number], [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): number {
  const dx = x2 - x1, dy = y2 - y1, length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / length));
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}
