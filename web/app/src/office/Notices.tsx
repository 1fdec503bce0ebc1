// The bell: what somebody wants of one, with a mark while there is something unread.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { get, post } from '../api/client';
import type { Me, Page } from '../api/types';
import { say, t } from '../i18n';
import { ago } from '../i18n/format';
import { Icon } from '../ui/icons';
import { items } from './queries';

export interface Notice { id: string; kind: string; entity_kind: string; entity_id: string; account_id?: string | null; by_name: string; text: string; at: string; read_at?: string | null }

export const useNotices = () => useQuery({ queryKey: ['notices'], queryFn: async () => items(await get<Page<Notice>>('/notices', { limit: 100 })), refetchInterval: 60_000 });

export function noticeLink(one: Notice): string {
  if (one.entity_kind === 'activity') return one.account_id ? `/accounts/${one.account_id}` : '/activities';
  return `/${{ account: 'accounts', lead: 'leads', deal: 'deals', case: 'cases', contact: 'contacts' }[one.entity_kind] ?? 'accounts'}/${one.entity_id}`;
}

export function Bell({ me }: { me: Me }) {
  const queries = useQueryClient();
  const notices = useNotices();
  const [, navigate] = useLocation();
  const [open, setOpen] = useState(false);
  const unread = (notices.data ?? []).filter(one => !one.read_at).length;
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => { if (event instanceof KeyboardEvent ? event.key === 'Escape' : !(event.target as Element).closest('.bell')) setOpen(false); };
    addEventListener('pointerdown', away);
    addEventListener('keydown', away);
    return () => { removeEventListener('pointerdown', away); removeEventListener('keydown', away); };
  }, [open]);
  const read = (ids: string[]) => { post('/notices/read', { ids }).then(() => void queries.invalidateQueries({ queryKey: ['notices'] }), () => undefined); };
  return <div className="me bell"><button className="rail-link" aria-expanded={open} onClick={() => setOpen(!open)}><span className="bell-icon"><Icon name="bell" />{unread > 0 && <b aria-hidden="true">{unread > 9 ? '9+' : unread}</b>}</span><span>{t('notices.title')}</span>{unread > 0 && <span className="spoken">{t('notices.unread', { n: unread })}</span>}</button>
    {open && <div className="me-panel notices"><div className="head-with"><h2>{t('notices.title')}</h2>{unread > 0 && <button className="link" onClick={() => read([])}>{t('notices.readAll')}</button>}</div>
      {(notices.data ?? []).length === 0 ? <p className="quiet">{t('notices.none')}</p> : <ul className="lines">{notices.data!.slice(0, 30).map(one => <li key={one.id}><button className="plain-line" data-unread={!one.read_at || undefined} onClick={() => { if (!one.read_at) read([one.id]); setOpen(false); navigate(noticeLink(one)); }}><b>{say(`notice.${one.kind}`, one.kind).replace('{name}', one.by_name)}</b><span>{one.text}</span><span className="quiet">{ago(one.at, me.organisation.zone)}</span></button></li>)}</ul>}
    </div>}
  </div>;
}
