// A field with suggestions, after the ARIA combobox pattern: arrows walk the list, Enter takes, Escape closes. The list comes from a
// search that is asked 150 ms after the last letter; answers to older letters are dropped.
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { t } from '../i18n';

interface Props<T> {
  label: string;
  hint?: string;
  wrong?: string;
  placeholder?: string;
  text: string;
  onText: (text: string) => void;
  search: (text: string, signal: AbortSignal) => Promise<T[]>;
  onTake: (item: T) => void;
  show: (item: T) => ReactNode;
  keyOf: (item: T) => string;
  none: string;
  minimum?: number;
}

export function Combo<T>({ label, hint, wrong, placeholder, text, onText, search, onTake, show, keyOf, none, minimum = 2 }: Props<T>) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const [found, setFound] = useState<{ for: string; items: T[] } | null>(null);
  const [at, setAt] = useState(0);
  const asking = useRef<AbortController | null>(null);
  const typed = useRef(false);

  useEffect(() => {
    asking.current?.abort();
    if (!typed.current || text.trim().length < minimum) { setFound(null); return; }
    const abort = asking.current = new AbortController();
    const timer = setTimeout(() => {
      search(text.trim(), abort.signal).then(items => { if (!abort.signal.aborted) { setFound({ for: text, items }); setAt(0); } }).catch(() => { if (!abort.signal.aborted) setFound({ for: text, items: [] }); });
    }, 150);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [text]);

  function take(item: T) {
    typed.current = false;
    setOpen(false);
    setFound(null);
    onTake(item);
  }
  const listed = open && found !== null;
  return <div className="field combo">
    <label htmlFor={id}>{label}</label>
    <input id={id} className="input" role="combobox" aria-expanded={listed} aria-controls={`${id}-list`} aria-autocomplete="list" aria-activedescendant={listed && found.items[at] ? `${id}-${at}` : undefined}
      aria-invalid={!!wrong} aria-describedby={`${id}-hint`} autoComplete="off" value={text} placeholder={placeholder}
      onChange={event => { typed.current = true; setOpen(true); onText(event.target.value); }}
      onFocus={() => setOpen(true)} onBlur={() => setOpen(false)}
      onKeyDown={event => {
        if (!listed) return;
        const n = found.items.length;
        if (event.key === 'ArrowDown' && n) { event.preventDefault(); setAt((at + 1) % n); }
        else if (event.key === 'ArrowUp' && n) { event.preventDefault(); setAt((at + n - 1) % n); }
        else if (event.key === 'Enter' && found.items[at]) { event.preventDefault(); take(found.items[at]!); }
        else if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); setOpen(false); }
      }} />
    {listed && <ul className="combo-list" id={`${id}-list`} role="listbox" aria-label={label}>
      {found.items.map((item, i) => <li key={keyOf(item)} id={`${id}-${i}`} role="option" aria-selected={i === at} onPointerDown={event => { event.preventDefault(); take(item); }} onPointerMove={() => setAt(i)}>{show(item)}</li>)}
      {found.items.length === 0 && <li className="combo-none" role="option" aria-selected="false" aria-disabled="true">{none}</li>}
    </ul>}
    {wrong ? <span className="wrong" id={`${id}-hint`}>{wrong}</span> : <span className="hint" id={`${id}-hint`}>{text.trim().length > 0 && text.trim().length < minimum && open ? t('add.nothingYet') : hint}</span>}
  </div>;
}
