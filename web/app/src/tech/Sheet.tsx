// A sheet from below, on the browser's own dialog element: focus stays inside, Escape and a tap beside it close it.
import { useEffect, useRef, type ReactNode } from 'react';
import { t } from '../i18n';
import { Icon } from '../ui/icons';

export function Sheet({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current!;
    if (!shown.open) shown.showModal();
    return () => shown.close();
  }, []);
  return <dialog ref={dialog} className="sheet" aria-label={title} onCancel={event => { event.preventDefault(); onClose(); }} onClick={event => { if (event.target === dialog.current) onClose(); }}>
    <div className="sheet-body">
      <header><h2>{title}</h2><button className="round" aria-label={t('common.close')} onClick={onClose}><Icon name="close" /></button></header>
      {children}
    </div>
  </dialog>;
}
