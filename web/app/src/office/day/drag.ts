// Dragging a visit by pointer, from the board or the list: a ghost follows the pointer by transform alone and tells where the
// visit would go and, if it does not fit there, why. Escape gives up.

export interface Spot { lane: number; start: number }
/** The board, as a place to drop on. */
export interface Target {
  locate(x: number, y: number, grabbed: number): Spot | null;
  mark(lane: number | null): void;
  describe(spot: Spot): { text: string; fits: boolean };
  /** Moves its view when the pointer nears an edge. */
  nudge(x: number, y: number): void;
}

let target: Target | null = null;
export const offerTarget = (board: Target | null) => { target = board; };

interface Drag { event: PointerEvent; title: string; width: number; grabbed: number; onStart: () => void; onEnd: (spot: Spot | null) => void }

export function drag({ event, title, width, grabbed, onStart, onEnd }: Drag): void {
  const { clientX: startX, clientY: startY, pointerId } = event;
  let ghost: HTMLElement | null = null;
  let line: HTMLElement | null = null;
  let spot: Spot | null = null;
  let frame = 0, x = startX, y = startY;

  const draw = () => {
    frame = 0;
    if (!ghost) return;
    ghost.style.transform = `translate(${x - Math.min(grabbed, width)}px, ${y - 16}px)`;
    target?.nudge(x, y);
    spot = target?.locate(x, y, grabbed) ?? null;
    target?.mark(spot?.lane ?? null);
    const says = spot && target ? target.describe(spot) : null;
    ghost.dataset.fits = says ? String(says.fits) : 'away';
    line!.textContent = says?.text ?? '';
  };
  const move = (now: PointerEvent) => {
    if (now.pointerId !== pointerId) return;
    x = now.clientX; y = now.clientY;
    if (!ghost) {
      if (Math.hypot(x - startX, y - startY) < 5) return;
      ghost = document.createElement('div');
      ghost.className = 'drag-ghost';
      ghost.style.minWidth = `${Math.min(width, 220)}px`;
      const name = document.createElement('b');
      name.textContent = title;
      line = document.createElement('span');
      ghost.append(name, line);
      document.body.append(ghost);
      document.body.dataset.dragging = 'true';
      onStart();
    }
    frame ||= requestAnimationFrame(draw);
  };
  const end = (dropped: boolean) => {
    removeEventListener('pointermove', move);
    removeEventListener('pointerup', up);
    removeEventListener('pointercancel', gone);
    removeEventListener('keydown', key, true);
    cancelAnimationFrame(frame);
    if (!ghost) return;
    if (dropped) draw();
    ghost.remove();
    delete document.body.dataset.dragging;
    target?.mark(null);
    addEventListener('click', swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener('click', swallow, { capture: true }), 50);
    onEnd(dropped ? spot : null);
  };
  const up = (now: PointerEvent) => { if (now.pointerId === pointerId) end(true); };
  const gone = (now: PointerEvent) => { if (now.pointerId === pointerId) end(false); };
  const key = (now: KeyboardEvent) => { if (now.key === 'Escape') { now.stopPropagation(); end(false); } };
  const swallow = (click: Event) => click.stopPropagation();
  addEventListener('pointermove', move);
  addEventListener('pointerup', up);
  addEventListener('pointercancel', gone);
  addEventListener('keydown', key, true);
}
