// Why a visit has no place, and what would help, in the words of the trade.
import type { Plan, Reason, Resource, Skill, Unassigned, Visit } from '../../api/types';
import { t } from '../../i18n';
import { duration, longDay } from '../../i18n/format';
import { skillName } from './model';

const skillsOf = (reason: Reason, visit: Visit, skills: readonly Skill[] | undefined) =>
  ((reason.skills?.length ? reason.skills : visit.skills) ?? []).map(code => skillName(skills, code)).join(', ');

/** One reason as a part of a sentence: "nobody on shift has gas certificate (8 people checked)". */
export function reasonWords(reason: Reason, visit: Visit, skills: readonly Skill[] | undefined, people: number): string {
  const n = reason.people;
  const by = reason.by_seconds ? duration(reason.by_seconds) : null;
  switch (reason.rule) {
    case 'skills': {
      const skill = skillsOf(reason, visit, skills);
      return n >= people ? t('reason.skills', { n, skill }) : t('reason.skillsSome', { n, skill });
    }
    case 'window': return by ? t('reason.window', { n, by }) : t('reason.windowPlain', { n });
    case 'shift': return by ? t('reason.shift', { n, by }) : t('reason.shiftPlain', { n });
    case 'room': return by ? t('reason.roomBy', { n, by }) : t('reason.room', { n });
    case 'capacity': return t('reason.capacity', { n });
    case 'unreachable': return t('reason.unreachable', { n });
    case 'pin': return t('reason.pin', { n });
    case 'not_due': return t('reason.notDue', { day: visit.earliest ? longDay(visit.earliest) : '' });
    case 'max_tasks': return t('reason.maxTasks', { n });
    case 'max_travel_time': case 'max_distance': return t('reason.maxTravel', { n });
    case 'max_route_duration': return t('reason.maxDay', { n });
  }
}

/** The reasons as one sentence, at most three of them: the rules that hold most people first. */
export function whyWords(why: Unassigned | null, visit: Visit, skills: readonly Skill[] | undefined, people: number): string {
  const reasons = [...(why?.reasons ?? [])].sort((a, b) => b.people - a.people);
  if (reasons.length === 0) return t('unassigned.noReason');
  const words = reasons.slice(0, 3).map(reason => reasonWords(reason, visit, skills, people)).join('; ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What would give the visit a place, judged by the closest miss: "Anna Keller stays 25 min longer". Null when no single thing helps. */
export function remedyWords(why: Unassigned | null, visit: Visit, resources: readonly Resource[], skills: readonly Skill[] | undefined): string | null {
  const closest = why?.reasons?.[0];
  if (!closest) return null;
  const name = resources.find(resource => resource.id === closest.resource_id)?.name ?? t('remedy.someone');
  const by = closest.by_seconds ? duration(closest.by_seconds) : null;
  switch (closest.rule) {
    case 'room': return by ? t('remedy.room', { name, by }) : t('remedy.resource');
    case 'shift': return by ? t('remedy.overtime', { name, by }) : t('remedy.hours');
    case 'max_route_duration': return by ? t('remedy.overtime', { name, by }) : t('remedy.resource');
    case 'window': return by ? t('remedy.window', { by }) : null;
    case 'skills': return t('remedy.skill', { skill: skillsOf(closest, visit, skills) });
    case 'not_due': return visit.earliest ? t('remedy.day', { day: longDay(visit.earliest) }) : null;
    case 'pin': return t('remedy.unpin');
    default: return null;
  }
}

/** What the planner is doing, as people say it. */
export function stepWords(plan: Plan): string {
  switch (plan.progress?.step) {
    case 'roads': return t('plan.step.roads');
    case 'search': return t('plan.step.search');
    case 'shapes': return t('plan.step.shapes');
    default: return plan.state === 'queued' ? t('plan.queued') : t('plan.running');
  }
}
