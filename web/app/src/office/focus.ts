// What is pointed at and what is chosen, shared by board, map and list: pointing at a visit in one lights it up in all. A store of
// its own, so that a moving pointer redraws two bars and not the page.
import { useSyncExternalStore } from 'react';
import type { Visit } from '../api/types';

interface Focus { hovered: string | null; selected: string | null; person: string | null }
let focus: Focus = { hovered: null, selected: null, person: null };
const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => { listeners.add(listener); return () => { listeners.delete(listener); }; };

function change(part: Partial<Focus>) {
  const next = { ...focus, ...part };
  if (next.hovered === focus.hovered && next.selected === focus.selected && next.person === focus.person) return;
  focus = next;
  listeners.forEach(listener => listener());
}
export const hover = (id: string | null) => change({ hovered: id });
export const select = (id: string | null) => change({ selected: id });
/** Brings one person's route to the front; again to let it go. */
export const showPerson = (id: string | null) => change({ person: id });
export const focused = () => focus;

export const useFocus = () => useSyncExternalStore(subscribe, () => focus);
let dragged: Visit | null = null;
/** The visit under the pointer while it is dragged: each lane says whether it fits there. */
export function setDragged(visit: Visit | null) {
  dragged = visit;
  listeners.forEach(listener => listener());
}
export const draggedVisit = () => dragged;
export const useDragged = () => useSyncExternalStore(subscribe, () => dragged);

/** How one visit is lit: as a word, so that only the ones that change are drawn anew. */
export const useLight = (id: string) => useSyncExternalStore(subscribe, () => focus.selected === id ? 'selected' : focus.hovered === id ? 'hovered' : null);
export const usePersonShown = () => useSyncExternalStore(subscribe, () => focus.person);
export const useSelected = () => useSyncExternalStore(subscribe, () => focus.selected);
