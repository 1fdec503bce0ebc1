// Ctrl+K: go anywhere, find anything, do the usual things. Typing searches all records one may see.
import { useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { get } from '../api/client';
import type { Page } from '../api/types';
import { t } from '../i18n';
import { Icon, type IconName } from '../ui/icons';
import { items } from './queries';
import { called, titleOf, useKinds, spoken, type Kind, type Row } from './records/kinds';

interface Entry { key: string; title: string; more?: string; icon: IconName; go: () => void }
interface Hit { kind: string; id: string; title: string; subtitle?: string }

const recentKey = 'recent';
/** The records opened last, newest first. */
export function recent(): { to: string; title: string; more: string }[] {
  try { return JSON.parse(localStorage.getItem(recentKey) ?? '[]') as { to: string; title: string; more: string }[]; } catch { return []; }
}
export function remember(to: string, title: string, more: string) {
  try { localStorage.setItem(recentKey, JSON.stringify([{ to, title, more }, ...recent().filter(one => one.to !== to)].slice(0, 12))); } catch { /* storage may be forbidden: nothing is remembered */ }
}

/** Everything one may see that fits the words: the server's search box. */
async function find(kinds: Kind[], words: string, signal: AbortSignal): Promise<Hit[]> {
  try { return items(await get<Page<Hit>>('/search', { q: words, limit: 12 }, signal)); } catch (problem) {
    if ((problem as { status?: number }).status !== 404) throw problem;
    const searched = kinds.filter(kind => kind.searched && !kind.acts);
    const lists = await Promise.all(searched.map(kind => get<Page<Row>>(`/${kind.plural}`, { q: words, limit: 4 }, signal).then(page => items(page).map(row => ({ kind: kind.name, id: row.id, title: titleOf(kind, row), subtitle: String(row.number ?? row.account ?? '') })))));
    return lists.flat();
  }
}

export function Palette({ places, onClose, onHelp }: { places: { to: string; text: string; icon: IconName }[]; onClose: () => void; onHelp: () => void }) {
  const [, navigate] = useLocation();
  const kinds = useKinds();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [hits, setHits] = useState<Hit[] | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => { const before = document.activeElement as HTMLElement | null; dialog.current!.showModal(); return () => before?.focus?.(); }, []);
  const words = text.trim();
  useEffect(() => {
    setAt(0);
    setFailed(false);
    if (words.length < 2 || !kinds.data) { setHits(null); return; }
    const abort = new AbortController();
    const timer = setTimeout(() => { find(kinds.data, words, abort.signal).then(found => { if (!abort.signal.aborted) setHits(found); }, () => { if (!abort.signal.aborted) { setHits([]); setFailed(true); } }); }, 120);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [words, kinds.data]);
  const to = (path: string) => { onClose(); navigate(path); };
  const fits = (title: string) => words.toLowerCase().split(/\s+/).every(word => title.toLowerCase().includes(word));
  const writable = (kinds.data ?? []).filter(kind => kind.writable && !kind.acts && !['order_line', 'product_group'].includes(kind.name));
  const groups: { title: string; entries: Entry[] }[] = [
    { title: t('palette.found'), entries: (hits ?? []).map(hit => { const kind = kinds.data?.find(one => one.name === hit.kind); return { key: `hit ${hit.id}`, title: hit.title, more: [kind && called(kind.label), hit.subtitle].filter(Boolean).join(' · '), icon: 'search' as const, go: () => hit.kind === 'site' ? to(`/accounts?q=${encodeURIComponent(hit.title)}`) : to(`/${kind?.plural ?? hit.kind}/${hit.id}`) }; }) },
    { title: t('palette.recent'), entries: words ? [] : recent().slice(0, 6).map(one => ({ key: `recent ${one.to}`, title: one.title, more: one.more, icon: 'clock' as const, go: () => to(one.to) })) },
    { title: t('palette.go'), entries: places.filter(place => fits(place.text)).map(place => ({ key: place.to, title: place.text, icon: place.icon, go: () => to(place.to) })) },
    { title: t('palette.do'), entries: [...writable.map(kind => ({ key: `add ${kind.name}`, title: t('records.addOne', { kind: spoken(kind) }), icon: 'plus' as const, go: () => to(`/${kind.plural}?add=1`) })), { key: 'help', title: t('palette.keys'), icon: 'key' as const, go: () => { onClose(); onHelp(); } }].filter(entry => fits(entry.title)) },
  ].filter(group => group.entries.length > 0);
  const all = groups.flatMap(group => group.entries);
  const walk = (by: number) => { const next = (at + by + all.length) % Math.max(1, all.length); setAt(next); document.getElementById(`palette-${next}`)?.scrollIntoView({ block: 'nearest' }); };
  return <dialog ref={dialog} className="palette" aria-label={t('palette.title')} onCancel={event => { event.preventDefault(); onClose(); }} onClick={event => { if (event.target === dialog.current) onClose(); }} onKeyDown={event => event.stopPropagation()}>
    <div className="palette-head"><Icon name="search" /><input role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={all[at] ? `palette-${at}` : undefined} aria-label={t('palette.title')} placeholder={t('palette.placeholder')} value={text} autoFocus maxLength={200}
      onChange={event => setText(event.target.value)} onKeyDown={event => {
        if (event.key === 'ArrowDown') { event.preventDefault(); walk(1); } else if (event.key === 'ArrowUp') { event.preventDefault(); walk(-1); } else if (event.key === 'Enter') { event.preventDefault(); all[at]?.go(); }
      }} /><kbd>Esc</kbd></div>
    <div className="palette-list" id="palette-list" role="listbox" aria-label={t('palette.title')}>
      {groups.map(group => <div key={group.title} role="group" aria-label={group.title}><p className="palette-group">{group.title}</p>{group.entries.map(entry => { const i = all.indexOf(entry); return <div key={entry.key} id={`palette-${i}`} role="option" aria-selected={i === at} className="palette-entry" onPointerMove={() => setAt(i)} onClick={entry.go}><Icon name={entry.icon} size={16} /><span className="ellipsis">{entry.title}</span>{entry.more && <span className="quiet ellipsis">{entry.more}</span>}</div>; })}</div>)}
      {words.length >= 2 && hits?.length === 0 && <p className="quiet palette-none">{failed ? t('problem.offline') : t('palette.none', { words })}</p>}
    </div>
  </dialog>;
}
