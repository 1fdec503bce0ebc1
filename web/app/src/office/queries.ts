// What the office asks the server for, each under one key, so that a change in one place is seen in all.
import { QueryClient, useQuery } from '@tanstack/react-query';
import { get, mayBeSignedIn, Problem } from '../api/client';
import type { Board, Me, Page, Plan, Resource, Skill, Staff, Team, TimelineEvent, Visit } from '../api/types';

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 20_000,
      retry: (count, problem) => problem instanceof Problem && (problem.offline || problem.status >= 500) && count < 2,
      refetchOnWindowFocus: true,
    },
  },
});

export const useMe = () => useQuery({ queryKey: ['me'], queryFn: () => mayBeSignedIn() ? get<Me>('/me') : null, staleTime: Infinity, retry: (count, problem) => problem instanceof Problem && problem.offline && count < 2 });
export const useBoard = (day: string) => useQuery({ queryKey: ['board', day], queryFn: ({ signal }) => get<Board>('/board', { date: day }, signal), placeholderData: previous => previous?.date === day ? previous : undefined });
export const usePlan = (id: string | null) => useQuery({ queryKey: ['plan', id], queryFn: ({ signal }) => get<Plan>(`/plans/${id}`, undefined, signal), enabled: id !== null });
/** The newest plan of the day that was published: it says why what is left has no place. */
export const usePublishedPlan = (day: string) => useQuery({ queryKey: ['plans', day], queryFn: async ({ signal }) => items(await get<Page<Plan>>('/plans', { date: day }, signal)).find(plan => plan.state === 'published') ?? null });
export const useSkills = () => useQuery({ queryKey: ['skills'], queryFn: async () => items(await get<Page<Skill> | Skill[]>('/skills')), staleTime: 300_000 });
export const useResources = (day?: string) => useQuery({ queryKey: ['resources', day ?? ''], queryFn: async () => items(await get<Page<Resource> | Resource[]>('/resources', { date: day })), staleTime: 60_000 });
export const useStaff = (on = true) => useQuery({ queryKey: ['staff'], enabled: on, staleTime: 300_000, queryFn: async () => items(await get<Page<Staff> | Staff[]>('/staff', { limit: 500 })) });
export const useTeams = (on = true) => useQuery({ queryKey: ['teams'], enabled: on, queryFn: async () => items(await get<Page<Team> | Team[]>('/teams')), staleTime: 300_000 });
export const useVisit = (id: string) => useQuery({ queryKey: ['visit', id], queryFn: ({ signal }) => get<Visit>(`/visits/${id}`, undefined, signal) });
export const useTimeline = (account: string) => useQuery({ queryKey: ['timeline', account], queryFn: ({ signal }) => get<Page<TimelineEvent>>(`/accounts/${account}/timeline`, { limit: 100 }, signal) });

/** A list is {items} or, where it is short and whole, the bare list. */
export const items = <T,>(page: Page<T> | T[]): T[] => Array.isArray(page) ? page : page.items ?? [];
