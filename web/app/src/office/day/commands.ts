// Acts upon visits from the office: sent as commands, shown at once, taken back by undo. Ctrl+Z takes the last one back.
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { newKey, post, Problem } from '../../api/client';
import type { Board, CommandKind, Verdict, Visit } from '../../api/types';
import { t } from '../../i18n';
import { clock } from '../../i18n/format';
import { toast, toastProblem } from '../../ui/toast';
import type { Lane } from './model';

const undoable: (() => Promise<void>)[] = [];

const refused = (verdict: Verdict) => verdict.verdict === 'conflict' || verdict.verdict === 'refused';
/** Takes the last act of this session back; false when there is none. */
export function undoLast(): boolean {
  const undo = undoable.at(-1);
  void undo?.();
  return !!undo;
}

export interface Commands {
  assign(visit: Visit, lane: Lane, start: number): void;
  unassign(visit: Visit): void;
  pin(visit: Visit, pinned: boolean): void;
  cancel(visit: Visit): void;
}

export function useCommands(day: string, zone: string): Commands {
  const queries = useQueryClient();
  return useMemo(() => {
    const key = ['board', day];
    const show = (id: string, change: Partial<Visit>) => queries.setQueryData<Board>(key, board => board && {
      ...board,
      visits: (board.visits ?? []).map(visit => visit.id === id ? { ...visit, ...change } : visit),
      routes: (board.routes ?? []).map(route => ({ ...route, stops: (route.stops ?? []).map(stop => stop.visit?.id === id ? { ...stop, visit: { ...stop.visit, ...change } } : stop) })),
    });
    const refresh = () => { void queries.invalidateQueries({ queryKey: key }); };

    async function send(visit: Visit, kind: CommandKind, payload: Record<string, unknown>, change: Partial<Visit>, said: string) {
      const latest = queries.getQueryData<Board>(key)?.visits?.find(one => one.id === visit.id) ?? visit;
      await queries.cancelQueries({ queryKey: key });
      const before = queries.getQueryData<Board>(key);
      show(visit.id, change);
      const id = newKey();
      try {
        const verdict = await post<Verdict>(`/visits/${visit.id}/commands`, { id, kind, base_version: latest.version, payload }, { key: id });
        if (refused(verdict)) throw new Problem(409, '', verdict.message ?? '');
        if (verdict.visit) show(visit.id, verdict.visit);
        const undo = async () => {
          undoable.splice(undoable.indexOf(undo), 1);
          away();
          try {
            const answer = await post<Verdict>(`/visits/${visit.id}/commands`, { id: newKey(), kind: 'undo', base_version: verdict.visit?.version ?? latest.version + 1, payload: { command: id } });
            if (refused(answer)) throw new Problem(409, '', answer.message ?? '');
            if (answer.visit) show(visit.id, answer.visit);
            toast(t('visit.undone', { title: visit.title }));
          } catch (problem) {
            toastProblem(problem);
          } finally {
            refresh();
          }
        };
        undoable.push(undo);
        const away = toast(said, { undo: () => void undo() });
      } catch (problem) {
        if (before) queries.setQueryData(key, before);
        toastProblem(problem);
      } finally {
        refresh();
        void queries.invalidateQueries({ queryKey: ['visit', visit.id] });
        void queries.invalidateQueries({ queryKey: ['timeline', visit.account.id] });
      }
    }

    return {
      assign: (visit, lane, start) => void send(visit, 'assign', { resource_id: lane.resource.id, start: new Date(start).toISOString() },
        { resource_id: lane.resource.id, start: new Date(start).toISOString(), end: new Date(start + visit.duration_seconds * 1000).toISOString(), arrive: null, travel_seconds: null, travel_meters: null, state: visit.state === 'proposed' || visit.state === 'dispatched' ? 'planned' : visit.state },
        t('visit.assigned', { title: visit.title, name: lane.resource.name, time: clock(start, zone) })),
      unassign: visit => void send(visit, 'unassign', {}, { resource_id: null, start: null, end: null, arrive: null, state: 'proposed', pinned: false }, t('visit.unassigned', { title: visit.title })),
      pin: (visit, pinned) => void send(visit, pinned ? 'pin' : 'unpin', {}, { pinned }, pinned ? t('visit.pinned', { title: visit.title }) : t('visit.unpinned', { title: visit.title })),
      cancel: visit => void send(visit, 'cancel', { reason: '' }, { state: 'cancelled' }, t('visit.cancelled', { title: visit.title })),
    };
  }, [queries, day, zone]);
}
