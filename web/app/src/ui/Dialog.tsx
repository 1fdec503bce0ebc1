// A dialog on the browser's own element: focus stays inside, Escape closes it, and what opened it gets the focus back.
import { useEffect, useRef, type ReactNode } from 'react';
import { t } from '../i18n';
import { Icon } from './icons';

export function Dialog({ title, onClose, wide, children, footer }: { title: string; onClose: () => void; wide?: boolean; children: ReactNode; footer?: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current!;
    const before = document.activeElement as HTMLElement | null;
    if (!shown.open) shown.showModal();
    shown.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea)')?.focus();
    return () => { shown.close(); before?.focus?.(); };
  }, []);
  return <dialog ref={dialog} className="dialog" data-wide={wide || undefined} aria-label={title} onCancel={event => { event.preventDefault(); onClose(); }} onKeyDown={event => event.stopPropagation()}>
    <header><h2>{title}</h2><button className="button" data-look="plain" data-square aria-label={t('common.close')} onClick={onClose}><Icon name="close" /></button></header>
    <div className="dialog-body">{children}</div>
    {footer && <footer>{footer}</footer>}
  </dialog>;
}
