// Holds our own types against the description the server generates of itself (openapi.ts): what it sends must be what we read, and
// what we send must be what it takes. Nothing here runs; where the two part, the type check fails.
import type { components } from './openapi';
import type * as ours from './types';

type Told = components['schemas'];
/** Our type as the description can say it: a point is any list of numbers there, and a rule any word. */
type Loose<T> = T extends readonly [unknown, unknown, ...unknown[]] ? unknown[] | null
  : T extends readonly (infer E)[] ? Loose<E>[]
  : T extends object ? { [K in keyof T]: K extends 'rule' ? string : Loose<T[K]> } : T;
type Fits<Ours, Server extends Loose<Ours>> = Server;

export type Read = [
  Fits<ours.Me, Told['Me']>, Fits<ours.Account, Told['Account']>, Fits<ours.Site, Told['Site']>, Fits<ours.Address, Told['Address']>,
  Fits<ours.Visit, Told['Visit']>, Fits<ours.Resource, Told['Resource']>, Fits<ours.Route, Told['BoardRoute']>, Fits<ours.Board, Told['Board']>,
  Fits<ours.Plan, Told['Plan']>, Fits<ours.Today, Told['Today']>, Fits<ours.Verdict, Told['Verdict']>, Fits<ours.TimelineEvent, Told['Entry']>,
  Fits<ours.Staff, Told['Staff']>, Fits<ours.Team, Told['Team']>, Fits<ours.Skill, Told['Skill']>,
  Fits<ours.Page<ours.Visit>, Told['PageVisit']>, Fits<{ verdicts: ours.Verdict[] }, Told['Verdicts']>,
];

export type Sent = [Fits<Told['QueuedCommand'], ours.Command>];
