// Light, dark, as the system, and sunlight on the phone. Kept on this device; set before the first picture by boot.js.
import { useSyncExternalStore } from 'react';

export type Theme = 'auto' | 'light' | 'dark' | 'sun';

const listeners = new Set<() => void>();
const dark = matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', () => listeners.forEach(listener => listener()));

const subscribe = (listener: () => void) => { listeners.add(listener); return () => { listeners.delete(listener); }; };

export const theme = (): Theme => (document.documentElement.dataset.theme as Theme | undefined) ?? 'auto';

export function setTheme(wanted: Theme): void {
  if (wanted === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
  try {
    if (wanted === 'auto') localStorage.removeItem('theme'); else localStorage.setItem('theme', wanted);
  } catch { /* storage may be forbidden: the choice holds until the page closes */ }
  listeners.forEach(listener => listener());
}

/** What is drawn now: light or dark. */
export const shade = (): 'light' | 'dark' => {
  const chosen = theme();
  return chosen === 'dark' || (chosen === 'auto' && dark.matches) ? 'dark' : 'light';
};

export const useTheme = () => useSyncExternalStore(subscribe, theme);
export const useShade = () => useSyncExternalStore(subscribe, shade);
