// Our own typed texts: t('key', {params}) with English and German. A catalog is loaded when its language is chosen; plural
// texts choose their form by Intl.PluralRules on the parameter n. A missing key or parameter does not compile.
import type { en } from './en';

export type Catalog = typeof en;
export type Key = keyof Catalog;
export type Language = 'en' | 'de';

type Plural = { readonly one: string; readonly other: string };
type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Params<K extends Key> = Catalog[K] extends Plural ? Names<Catalog[K]['other']> | Names<Catalog[K]['one']> | 'n' : Names<Catalog[K]>;
type Args<K extends Key> = [Params<K>] extends [never] ? [] : [{ [P in Params<K>]: string | number }];

let catalog: Record<string, string | Plural> = {};
let current: Language = 'en';
let plurals = new Intl.PluralRules('en');

export const language = () => current;

/** The language asked for by the page, by what was chosen before, or by the browser. */
export const preferredLanguage = (): Language => document.documentElement.lang === 'de' ? 'de' : 'en';

export async function loadLanguage(wanted: Language): Promise<void> {
  const loaded = wanted === 'de' ? (await import('./de')).de : (await import('./en')).en;
  setCatalog(wanted, loaded);
  if (typeof document !== 'undefined') document.documentElement.lang = wanted;
}

export function setCatalog(of: Language, texts: object): void {
  catalog = texts as Record<string, string | Plural>;
  current = of;
  plurals = new Intl.PluralRules(of);
}

export function t<K extends Key>(key: K, ...args: Args<K>): string {
  const params = (args[0] ?? {}) as Record<string, string | number>;
  const entry = catalog[key];
  if (entry === undefined) return key;
  const text = typeof entry === 'string' ? entry : entry[plurals.select(Number(params.n)) === 'one' ? 'one' : 'other'];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    return typeof value === 'number' ? number(value) : String(value ?? '');
  });
}

/** A text whose key is made from data, such as a state; the fallback is shown for what we do not know. */
export function say(key: string, fallback: string): string {
  const entry = catalog[key];
  return typeof entry === 'string' ? entry : fallback;
}

const numbers = new Map<string, Intl.NumberFormat>();
export function number(value: number, digits = 0): string {
  const key = `${current} ${digits}`;
  let format = numbers.get(key);
  if (!format) numbers.set(key, format = new Intl.NumberFormat(current, { maximumFractionDigits: digits, minimumFractionDigits: digits }));
  return format.format(value);
}
