// Live changes: one stream of server-sent events for the whole page, however many parts listen. The stream is opened anew when
// the topics change, and again by itself after a break; listeners are then told to look afresh, for what was missed.
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface LiveEvent { topic: string; data: Record<string, unknown> }
type Listener = (event: LiveEvent) => void;

const listeners = new Map<string, Set<Listener>>();
const watchers = new Set<() => void>();
let source: EventSource | null = null;
let open = '';
let state: 'off' | 'live' | 'lost' = 'off';
let timer = 0;
let retry = 0;

function setState(next: typeof state) {
  if (state === next) return;
  const back = state === 'lost' && next === 'live';
  state = next;
  watchers.forEach(watcher => watcher());
  if (back) for (const [topic, set] of listeners) set.forEach(listener => listener({ topic, data: { missed: true } }));
}

function connect() {
  const topics = [...listeners.keys()].sort().join(',');
  if (topics === open && source) return;
  source?.close();
  source = null;
  open = topics;
  if (!topics) { setState('off'); return; }
  const stream = source = new EventSource('/api/v1/live?topics=' + encodeURIComponent(topics));
  stream.onopen = () => { retry = 0; setState('live'); };
  stream.onerror = () => {
    if (stream !== source) return;
    setState('lost');
    if (stream.readyState === EventSource.CLOSED) { // refused or ended for good: try again, ever more slowly
      open = '';
      source = null;
      clearTimeout(timer);
      timer = window.setTimeout(connect, Math.min(30_000, 1000 * 2 ** retry++));
    }
  };
  // The server may have had to drop news: whoever listens looks afresh.
  stream.addEventListener('resync', () => { for (const [topic, set] of listeners) set.forEach(listener => listener({ topic, data: { missed: true } })); });
  for (const kind of ['plan', 'day', 'me']) {
    stream.addEventListener(kind, event => {
      let data: Record<string, unknown>;
      try { data = JSON.parse((event as MessageEvent<string>).data) as Record<string, unknown>; } catch { return; }
      const topic = kind === 'plan' ? `plan:${String(data.id)}` : kind === 'day' ? `day:${String(data.date)}` : 'me';
      listeners.get(topic)?.forEach(listener => listener({ topic, data }));
    });
  }
}

export function listen(topic: string, listener: Listener): () => void {
  const set = listeners.get(topic) ?? new Set();
  set.add(listener);
  listeners.set(topic, set);
  clearTimeout(timer);
  timer = window.setTimeout(connect, 50);
  return () => {
    set.delete(listener);
    if (set.size === 0) listeners.delete(topic);
    clearTimeout(timer);
    timer = window.setTimeout(connect, 500);
  };
}

/** Calls back for every event of a topic while the component is there. */
export function useLive(topic: string | null, handler: Listener): void {
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => topic === null ? undefined : listen(topic, event => latest.current(event)), [topic]);
}

const subscribe = (watcher: () => void) => { watchers.add(watcher); return () => { watchers.delete(watcher); }; };
export const useLiveState = () => useSyncExternalStore(subscribe, () => state);
addEventListener('online', () => { open = ''; retry = 0; connect(); });
