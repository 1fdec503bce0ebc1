// One typed fetch for the whole app: problems become [Problem] with the fields they name, writes carry an idempotency key,
// and a lost session is told to whoever listens.

import type { Address } from './types';

/** Problem is an RFC 9457 problem, or the fact that the server could not be reached (status 0). */
export class Problem extends Error {
  constructor(readonly status: number, readonly title: string, readonly detail: string, readonly errors: { location?: string; message: string }[] = [], readonly retryAfter = 0,
    /** Where an address leaves open which place is meant: those it may mean, best first. */
    readonly candidates: Address[] = []) {
    super(detail || title);
  }
  get offline() { return this.status === 0; }
  /** The message for one field of the body, such as `windows[0].end`. */
  field(name: string): string | undefined {
    return this.errors.find(e => e.location === `body.${name}` || e.location === name)?.message;
  }
}

export interface Options {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  /** Repeating a write with the same key does it once. Made anew for each call when left out. */
  key?: string;
  /** The version a change is based on; sent as If-Match. */
  version?: number;
  signal?: AbortSignal;
}

/** Called when the server says that nobody is logged in. */
export const sessionLost = new EventTarget();

/** Whether asking who is signed in is worth while: a stranger's question would be answered by an error. */
export const mayBeSignedIn = () => document.cookie.includes('catchment_signed_in=');

export const newKey = () => uuid7();

/** A UUID version 7: random, sorted by time, made by whoever creates the thing. */
export function uuid7(now = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const address = new URL('/api/v1' + path, location.origin);
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== null && value !== '') address.searchParams.set(name, String(value));
  }
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (method === 'POST') headers['Idempotency-Key'] = options.key ?? newKey();
  if (options.version !== undefined) headers['If-Match'] = `"v${options.version}"`;
  let response: Response;
  try {
    response = await fetch(address, { method, headers, body: options.body === undefined ? undefined : JSON.stringify(options.body), signal: options.signal, credentials: 'same-origin' });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Problem(0, 'offline', '');
  }
  if (response.ok) {
    if (response.status === 204 || response.headers.get('Content-Length') === '0') return undefined as T;
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
  const problem = await readProblem(response);
  if (response.status === 401 && path !== '/login') sessionLost.dispatchEvent(new Event('lost'));
  throw problem;
}

async function readProblem(response: Response): Promise<Problem> {
  const retryAfter = Number(response.headers.get('Retry-After')) || 0;
  try {
    const body = await response.json() as { title?: string; detail?: string; errors?: { location?: string; message: string }[] | null; candidates?: Address[] | null };
    return new Problem(response.status, body.title ?? '', body.detail ?? '', body.errors ?? [], retryAfter, body.candidates ?? []);
  } catch {
    return new Problem(response.status, response.statusText, '', [], retryAfter);
  }
}

export const get = <T>(path: string, query?: Options['query'], signal?: AbortSignal) => call<T>('GET', path, { query, signal });
export const post = <T>(path: string, body?: unknown, options?: Options) => call<T>('POST', path, { ...options, body });
export const patch = <T>(path: string, version: number, body: unknown) => call<T>('PATCH', path, { version, body });
