// Colours and sizes of places by the values of a field: a few classes, each with its number, as a legend tells them.
export interface FieldOf { name: string; type: string; options?: readonly { value: string }[] | null }
/** A class of a legend. key is what a place's class is known by; colour is an index of the ten hues, a step of the sequence, or neither. */
export interface Class { key: string; kind: 'hue' | 'step' | 'rest' | 'none'; colour: number; value?: unknown; from?: number; to?: number; n: number }
export interface Scale { classes: Class[]; /** The class of each place, as its index. */ of: Uint8Array }

/** Hues a legend tells apart; what is rarer is one class. */
const hues = 10;
/** Classes of a sequence of numbers or days. */
export const steps = 5;

const sequences = new Set(['integer', 'money', 'number', 'date', 'instant']);
export const isSequence = (field: FieldOf) => sequences.has(field.type);

/** A value on a line: numbers as they are, days and instants as milliseconds. */
export function onLine(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value === '') return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

/** The classes of a field's values; hueOf gives values that have a colour of their own, such as people, that colour. */
export function scaleOf(field: FieldOf, values: readonly unknown[], hueOf?: (value: string) => number | undefined): Scale {
  return isSequence(field) ? sequence(values) : categories(field, values, hueOf);
}

const empty = (value: unknown) => value === null || value === undefined || value === '';

function categories(field: FieldOf, values: readonly unknown[], hueOf?: (value: string) => number | undefined): Scale {
  const counts = new Map<string, number>();
  let none = 0;
  for (const value of values) if (empty(value)) none++; else counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  const order = field.options?.map(option => option.value) ?? (field.type === 'bool' ? ['true', 'false'] : null);
  const keys = [...counts.keys()];
  const ranked = order ? keys.sort((a, b) => order.indexOf(a) - order.indexOf(b)) : keys.sort((a, b) => counts.get(b)! - counts.get(a)! || (a < b ? -1 : 1));
  const shown = ranked.length > hues ? ranked.slice(0, hues - 1) : ranked;
  const classes: Class[] = shown.map((key, i) => ({ key, kind: 'hue', colour: (hueOf?.(key) ?? (order ? order.indexOf(key) : i)) % hues, value: key, n: counts.get(key)! }));
  const at = new Map(shown.map((key, i) => [key, i]));
  const rest = ranked.length > shown.length ? classes.push({ key: 'rest', kind: 'rest', colour: 0, n: ranked.slice(shown.length).reduce((sum, key) => sum + counts.get(key)!, 0) }) - 1 : -1;
  const nothing = none > 0 ? classes.push({ key: 'none', kind: 'none', colour: 0, n: none }) - 1 : -1;
  return { classes, of: Uint8Array.from(values, value => empty(value) ? nothing : at.get(String(value)) ?? rest) };
}

/** Classes of like number (quantiles); values that are alike are never torn apart. */
function sequence(values: readonly unknown[]): Scale {
  const line = values.map(onLine);
  const sorted = line.filter((value): value is number => value !== null).sort((a, b) => a - b);
  const breaks: number[] = []; // the least value of each class but the first
  for (let i = 1; i < steps; i++) {
    const at = sorted[Math.floor(i * sorted.length / steps)];
    if (at !== undefined && at > (breaks.at(-1) ?? sorted[0]!)) breaks.push(at);
  }
  const classes: Class[] = sorted.length === 0 ? [] : Array.from({ length: breaks.length + 1 }, (_, i) => ({
    key: `step ${i}`, kind: 'step', colour: breaks.length === 0 ? steps - 1 : Math.round(i * (steps - 1) / breaks.length), from: i === 0 ? sorted[0]! : breaks[i - 1]!, to: i === breaks.length ? sorted.at(-1)! : breaks[i]!, n: 0 }));
  const nothing = sorted.length < values.length ? classes.push({ key: 'none', kind: 'none', colour: 0, n: values.length - sorted.length }) - 1 : -1;
  const of = Uint8Array.from(line, value => {
    if (value === null) return nothing;
    let at = 0;
    while (at < breaks.length && value >= breaks[at]!) at++;
    classes[at]!.n++;
    return at;
  });
  return { classes, of };
}

/** Radii in pixels. */
export const smallest = 4, usual = 6, largest = 15;

/** The radius of each place: its area grows with the value. Without values all are alike. */
export function sizesOf(values: readonly unknown[] | null, count: number): { radius: Float32Array; most: number } {
  const radius = new Float32Array(count).fill(usual);
  if (!values) return { radius, most: 0 };
  let most = 0, least = Infinity;
  for (const value of values) if (typeof value === 'number') { most = Math.max(most, value); least = Math.min(least, value); }
  if (least === most) return { radius, most: 0 }; // all the same: nothing to tell apart
  for (let i = 0; i < count; i++) {
    const value = values[i];
    radius[i] = most > 0 && typeof value === 'number' && value > 0 ? smallest + (largest - smallest) * Math.sqrt(value / most) : smallest;
  }
  return { radius, most };
}

/** Round figures between nothing and the most, for the legend of sizes: at most three, the largest first. */
export function marksOf(most: number, whole: boolean): number[] {
  if (!(most > 0)) return [];
  const unit = 10 ** Math.floor(Math.log10(most));
  const top = Math.floor(most / unit) * unit;
  return [...new Set([top, top / 4, top / 20].map(value => whole ? Math.round(value) : value))].filter(value => value > 0);
}
