// Two panes with a bar between them that can be moved by pointer and keyboard; where it was left is remembered on this device.
import { useRef, useState, type ReactNode } from 'react';
import { t } from '../../i18n';

export function useStored(name: string, otherwise: number): [number, (value: number) => void] {
  const [value, setValue] = useState(() => stored(name, otherwise));
  return [value, next => { setValue(next); store(name, next); }];
}

function stored(name: string, otherwise: number): number {
  try { return Number(localStorage.getItem(name)) || otherwise; } catch { return otherwise; }
}
function store(name: string, value: number): void {
  try { localStorage.setItem(name, String(value)); } catch { /* storage may be forbidden: the size is not remembered then */ }
}

/** The side pane lies right, or below with `down`; its share of the whole is 15 to 70 percent. */
export function Split({ name, down, start, side, children }: { name: string; down?: boolean; start?: number; side: ReactNode; children: ReactNode }) {
  // By name, for the same panes may hold other things, and then have another size.
  const [shares, setShares] = useState<Record<string, number>>({});
  const share = shares[name] ?? stored(`split-${name}`, start ?? 33);
  const setShare = (value: number) => { setShares({ ...shares, [name]: value }); store(`split-${name}`, value); };
  const box = useRef<HTMLDivElement>(null);
  const clamp = (value: number) => Math.min(70, Math.max(15, value));
  function down_(event: React.PointerEvent) {
    const bar = event.currentTarget as HTMLElement;
    bar.setPointerCapture(event.pointerId);
    const move = (now: PointerEvent) => {
      const { left, top, width, height } = box.current!.getBoundingClientRect();
      box.current!.style.setProperty('--share', `${clamp(down ? 100 - (now.clientY - top) / height * 100 : 100 - (now.clientX - left) / width * 100)}%`);
    };
    const up = () => {
      bar.removeEventListener('pointermove', move);
      setShare(parseFloat(box.current!.style.getPropertyValue('--share')));
    };
    bar.addEventListener('pointermove', move);
    bar.addEventListener('pointerup', up, { once: true });
    bar.addEventListener('pointercancel', up, { once: true });
  }
  return <div className="split" ref={box} data-down={down || undefined} style={{ '--share': `${share}%` } as React.CSSProperties}>
    <div className="split-main">{children}</div>
    <div className="split-bar" role="separator" tabIndex={0} aria-label={t('day.divider')} aria-orientation={down ? 'horizontal' : 'vertical'} aria-valuenow={Math.round(share)} aria-valuemin={15} aria-valuemax={70} onPointerDown={down_}
      onKeyDown={event => { const step = { ArrowLeft: 3, ArrowUp: 3, ArrowRight: -3, ArrowDown: -3 }[event.key]; if (step) { event.preventDefault(); setShare(clamp(share + step)); } }} />
    <div className="split-side">{side}</div>
  </div>;
}
