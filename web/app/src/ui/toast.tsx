// Short messages at the lower edge, with undo where there is a way back. Newest last, gone after a while unless pointed at.
import { useSyncExternalStore } from 'react';
import { t } from '../i18n';
import { problemText } from './states';

interface Toast { id: number; text: string; tone?: 'danger'; undo?: () => void; undoLabel?: string }

let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();
const timers = new Map<number, number>();
const tell = () => listeners.forEach(listener => listener());

function drop(id: number) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  toasts = toasts.filter(toast => toast.id !== id);
  tell();
}

function hold(id: number, ms: number) {
  clearTimeout(timers.get(id));
  timers.set(id, window.setTimeout(() => drop(id), ms));
}

/** Shows a message; with undo it stays ten seconds. Returns how to take it away early. */
export function toast(text: string, options: { undo?: () => void; tone?: 'danger' } = {}): () => void {
  const id = ++last;
  toasts = [...toasts.slice(-2), { id, text, ...options }];
  hold(id, options.undo ? 10_000 : options.tone ? 8_000 : 4_000);
  tell();
  return () => drop(id);
}

export function toastProblem(problem: unknown) {
  const { title, hint } = problemText(problem);
  toast(hint ? `${title}. ${hint}` : title, { tone: 'danger' });
}

const subscribe = (listener: () => void) => { listeners.add(listener); return () => { listeners.delete(listener); }; };

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return <div className="toasts" role="region" aria-label={t('common.undo')} aria-live="polite">
    {shown.map(one => <div key={one.id} className="toast" data-tone={one.tone} onPointerEnter={() => clearTimeout(timers.get(one.id))} onPointerLeave={() => hold(one.id, 4000)}>
      <p>{one.text}</p>
      {one.undo && <button onClick={() => { drop(one.id); one.undo!(); }}>{t('common.undo')}</button>}
      <button aria-label={t('common.close')} onClick={() => drop(one.id)}>✕</button>
    </div>)}
  </div>;
}
