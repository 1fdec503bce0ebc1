// What is attached to a record: dropped or chosen, shown with its size, opened or taken off.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { sendBytes } from '../../api/bytes';
import { call, get, post, Problem, uuid7 } from '../../api/client';
import type { Me, Page } from '../../api/types';
import { number, t } from '../../i18n';
import { ago } from '../../i18n/format';
import { Icon } from '../../ui/icons';
import { toast, toastProblem } from '../../ui/toast';
import { items } from '../queries';

interface Attachment { id: string; name: string; media_type: string; size: number; arrived: boolean; created_by: { name: string }; created_at: string }

export const fileSize = (bytes: number) => bytes < 1_000_000 ? `${number(Math.max(1, Math.round(bytes / 1000)))}\u00a0kB` : `${number(bytes / 1_000_000, 1)}\u00a0MB`;

export function Files({ me, kind, id }: { me: Me; kind: string; id: string }) {
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<{ name: string; share: number } | null>(null);
  const list = useQuery({ queryKey: ['files', kind, id], queryFn: async () => items(await get<Page<Attachment>>('/files', { entity_kind: kind, entity_id: id })) });
  const may = me.rights.includes('activity.write');
  const fresh = () => queries.invalidateQueries({ queryKey: ['files', kind, id] });
  async function send(files: Iterable<File>) {
    for (const file of files) {
      try {
        setSending({ name: file.name, share: 0 });
        const made = await post<Attachment>('/files', { id: uuid7(), entity_kind: kind, entity_id: id, name: file.name.slice(0, 200) || 'file' });
        await sendBytes(`/files/${made.id}/content`, file, share => setSending({ name: file.name, share }));
      } catch (problem) { if (problem instanceof Problem && problem.status === 413) toast(t('files.tooLarge', { name: file.name }), { tone: 'danger' }); else toastProblem(problem); }
    }
    setSending(null);
    void fresh();
  }
  const remove = (one: Attachment) => { call('DELETE', `/files/${one.id}`).then(() => void fresh(), toastProblem); };
  const shown = (list.data ?? []).filter(one => one.arrived);
  if (list.error || list.isPending || !may && shown.length === 0) return null;
  return <section data-over={over || undefined} className="files" onDragOver={event => { if (may && event.dataTransfer.types.includes('Files')) { event.preventDefault(); setOver(true); } }} onDragLeave={() => setOver(false)} onDrop={event => { event.preventDefault(); setOver(false); if (may) void send(event.dataTransfer.files); }}>
    <h2 className="head-with">{t('files.title')}{may && <button className="button" onClick={() => input.current!.click()}><Icon name="plus" size={16} />{t('files.add')}</button>}</h2>
    <input ref={input} type="file" multiple hidden aria-label={t('files.add')} onChange={event => { void send(event.target.files ?? []); event.target.value = ''; }} />
    {sending && <p role="status" className="quiet">{t('files.sending', { name: sending.name, percent: Math.round(sending.share * 100) })}</p>}
    {shown.length === 0 && !sending ? <p className="quiet">{t('files.none')}</p> : <ul className="lines">{shown.map(one => <li key={one.id}><div className="min0"><a href={`/api/v1/files/${one.id}/content`} download={one.name}><b className="ellipsis block">{one.name}</b></a><p className="quiet">{fileSize(one.size)} · {one.created_by.name} · {ago(one.created_at, me.organisation.zone)}</p></div>{may && <button className="link" aria-label={t('files.remove', { name: one.name })} onClick={() => remove(one)}>✕</button>}</li>)}</ul>}
  </section>;
}
