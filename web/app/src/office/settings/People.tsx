// Who works here: people, teams, who can be planned and when, what they can do.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { get, patch, post } from '../../api/client';
import type { Me, Page, Resource, Staff } from '../../api/types';
import { say, t } from '../../i18n';
import { shortDay, span, wallTime } from '../../i18n/format';
import { Avatar } from '../../ui/Avatar';
import { Icon } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { skillName } from '../day/model';
import { items, useResources, useSkills, useStaff, useTeams } from '../queries';
import { Dialog } from '../../ui/Dialog';
import { toast, toastProblem } from '../../ui/toast';
import { FormDialog } from './FormDialog';

interface Role { code: string; title: string; scope: string; rights: string[] }
export const useRoles = () => useQuery({ queryKey: ['roles'], queryFn: async () => items(await get<Page<Role>>('/roles', { limit: 500 })), staleTime: 300_000 });

export function StaffList({ me }: { me: Me }) {
  const staff = useStaff(), teams = useTeams(), resources = useResources(), roles = useRoles();
  const queries = useQueryClient();
  const [open, setOpen] = useState<Staff | 'new' | 'team' | null>(null);
  const [link, setLink] = useState<{ name: string; link: string } | null>(null);
  const may = me.rights.includes('staff.write');
  const colours = new Map((resources.data ?? []).map(one => [one.staff_id, one.colour]));
  if (staff.isPending) return <Skeleton lines={10} />;
  if (staff.error) return <Failed problem={staff.error} retry={() => void staff.refetch()} />;
  async function invite(one: Staff) {
    try {
      const sent = await post<{ mailed: boolean; link?: string }>(`/staff/${one.id}/invite`);
      if (sent.link) setLink({ name: one.name, link: sent.link }); else toast(t('people.invited', { name: one.name }));
    } catch (problem) { toastProblem(problem); }
  }
  const team = (id: string) => teams.data?.find(one => one.id === id)?.name ?? '';
  const fresh = () => queries.invalidateQueries({ queryKey: ['staff'] });
  const roleOptions = (roles.data ?? []).map(role => [role.code, say(`role.${role.code}`, role.title)] as [string, string]);
  const teamOptions = (teams.data ?? []).map(one => [one.id, one.name] as [string, string]);
  const languages: [string, string][] = [['en', 'English'], ['de', 'Deutsch']];
  return <>
    {may && <p className="row settings-tools"><button className="button" data-look="primary" onClick={() => setOpen('new')}><Icon name="plus" size={16} />{t('people.add')}</button><button className="button" onClick={() => setOpen('team')}>{t('people.addTeam')}</button></p>}
    <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('settings.role')}</th><th scope="col">{t('settings.team')}</th><th scope="col">{t('settings.email')}</th><th scope="col">{t('settings.state')}</th><th /></tr></thead>
      <tbody>{staff.data.map(one => <tr key={one.id}><th scope="row"><span className="who"><Avatar of={{ ...one, colour: colours.get(one.id) }} />{one.name}</span></th><td>{one.role_title || say(`role.${one.role}`, one.role)}</td><td>{(one.team_ids ?? []).map(team).filter(Boolean).join(', ')}</td><td className="quiet">{one.email}</td><td>{one.active === false ? <span className="chip">{t('settings.inactive')}</span> : <span className="chip" data-tone="ok">{t('settings.active')}</span>}</td><td className="number">{may && <button className="link" aria-label={t('people.inviteWho', { name: one.name })} onClick={() => void invite(one)}>{t('people.invite')}</button>}{may && <button className="link" aria-label={t('people.edit', { name: one.name })} onClick={() => setOpen(one)}>{t('records.edit')}</button>}</td></tr>)}</tbody></table>
    {link && <Dialog title={t('people.inviteWho', { name: link.name })} onClose={() => setLink(null)}><p>{t('people.linkHint')}</p><p><code className="secret">{link.link}</code></p></Dialog>}
    {open === 'new' && <FormDialog title={t('people.add')} onClose={() => setOpen(null)} values={{ role: 'rep', language: me.language }} fields={[
      { name: 'name', label: t('settings.name'), required: true }, { name: 'email', label: t('settings.email'), kind: 'email', required: true }, { name: 'role', label: t('settings.role'), kind: 'select', required: true, options: roleOptions }, { name: 'team_ids', label: t('settings.team'), kind: 'many', options: teamOptions }, { name: 'language', label: t('settings.language'), kind: 'select', required: true, options: languages }, { name: 'password', label: t('people.password'), kind: 'password', hint: t('people.passwordHint') }]}
      done={async values => { const { password, ...rest } = values; await post('/staff', { ...rest, ...(password ? { password } : {}) }); await fresh(); }} />}
    {open === 'team' && <FormDialog title={t('people.addTeam')} onClose={() => setOpen(null)} fields={[{ name: 'name', label: t('settings.name'), required: true }]} done={async values => { await post('/teams', values); await queries.invalidateQueries({ queryKey: ['teams'] }); }} />}
    {open && open !== 'new' && open !== 'team' && <FormDialog title={open.name} onClose={() => setOpen(null)} values={{ name: open.name, role: open.role, team_ids: open.team_ids ?? [], active: open.active !== false }} fields={[
      { name: 'name', label: t('settings.name'), required: true }, { name: 'role', label: t('settings.role'), kind: 'select', required: true, options: roleOptions }, { name: 'team_ids', label: t('settings.team'), kind: 'many', options: teamOptions }, { name: 'active', label: t('people.active'), kind: 'check' }]}
      done={async values => { await patch(`/staff/${open.id}`, open.version ?? 1, values); await fresh(); }} />}
  </>;
}

export function ResourceList({ me }: { me: Me }) {
  const resources = useResources(me.day), skills = useSkills(), teams = useTeams();
  const queries = useQueryClient();
  const [open, setOpen] = useState<{ who: Resource; what: 'edit' | 'shift' | 'absence' } | null>(null);
  const may = me.rights.includes('resource.write');
  const zone = me.organisation.zone;
  if (resources.isPending) return <Skeleton lines={10} />;
  if (resources.error) return <Failed problem={resources.error} retry={() => void resources.refetch()} />;
  const fresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['resources'] }), queries.invalidateQueries({ queryKey: ['board'] })]);
  const instant = (day: string, time: string) => { const [hour, minute] = time.split(':').map(Number); return new Date(wallTime(day, hour!, minute!, zone)).toISOString(); };
  return <><table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('settings.kind')}</th><th scope="col">{t('settings.skills')}</th><th scope="col">{t('settings.base')}</th><th scope="col">{t('settings.shift', { day: shortDay(me.day) })}</th><th /></tr></thead>
    <tbody>{resources.data.map(one => <tr key={one.id}><th scope="row"><span className="who"><Avatar of={one} />{one.name}</span></th><td>{say(`resource.${one.kind}`, one.kind)}</td>
      <td>{(one.skills ?? []).map(code => skillName(skills.data, code)).join(', ') || <span className="faint">{t('settings.none')}</span>}</td><td className="quiet">{one.base.label}</td>
      <td>{one.absent ? <span className="chip" data-tone="warn">{t('day.absent')}</span> : (one.shifts ?? []).map(shift => span(shift.start, shift.end, zone)).join(', ') || <span className="faint">{t('day.noShift')}</span>}</td>
      <td className="number">{may && <><button className="link" onClick={() => setOpen({ who: one, what: 'edit' })}>{t('records.edit')}</button> <button className="link" onClick={() => setOpen({ who: one, what: 'shift' })}>{t('people.shift')}</button> <button className="link" onClick={() => setOpen({ who: one, what: 'absence' })}>{t('people.absence')}</button></>}</td></tr>)}</tbody></table>
    {open?.what === 'edit' && <FormDialog title={open.who.name} onClose={() => setOpen(null)} values={{ name: open.who.name, skills: open.who.skills ?? [], team_id: open.who.team_id ?? '' }} fields={[{ name: 'name', label: t('settings.name'), required: true }, { name: 'team_id', label: t('settings.team'), kind: 'select', options: (teams.data ?? []).map(one => [one.id, one.name]) }, { name: 'skills', label: t('settings.skills'), kind: 'many', options: (skills.data ?? []).map(one => [one.code, one.name ?? one.code]) }]}
      done={async values => { await patch(`/resources/${open.who.id}`, open.who.version, { name: values.name, skills: values.skills, ...(values.team_id ? { team_id: values.team_id } : {}) }); await fresh(); }} />}
    {open?.what === 'shift' && <FormDialog title={t('people.shiftOf', { name: open.who.name })} onClose={() => setOpen(null)} values={{ date: me.day, start: '08:00', end: '17:00', from: '11:30', to: '13:30', minutes: '45' }} fields={[{ name: 'date', label: t('add.date'), kind: 'date', required: true }, { name: 'start', label: t('people.from'), kind: 'time', required: true }, { name: 'end', label: t('people.to'), kind: 'time', required: true }, { name: 'minutes', label: t('people.break'), kind: 'number' }, { name: 'from', label: t('people.breakFrom'), kind: 'time' }, { name: 'to', label: t('people.breakTo'), kind: 'time' }]}
      done={async values => { await post(`/resources/${open.who.id}/shifts`, { date: values.date, start: values.start, end: values.end, ...(Number(values.minutes) > 0 ? { breaks: [{ start: values.from, end: values.to, seconds: Number(values.minutes) * 60 }] } : {}) }); await fresh(); }} />}
    {open?.what === 'absence' && <FormDialog title={t('people.absenceOf', { name: open.who.name })} onClose={() => setOpen(null)} values={{ day: me.day, until: me.day, start: '00:00', end: '23:59' }} fields={[{ name: 'day', label: t('people.from'), kind: 'date', required: true }, { name: 'start', label: t('visit.time'), kind: 'time', required: true }, { name: 'until', label: t('people.to'), kind: 'date', required: true }, { name: 'end', label: t('visit.time'), kind: 'time', required: true }, { name: 'reason', label: t('people.reason') }]}
      done={async values => { await post(`/resources/${open.who.id}/absences`, { from: instant(String(values.day), String(values.start)), to: instant(String(values.until), String(values.end)), reason: values.reason }); await fresh(); }} />}
  </>;
}

export function SkillList({ me }: { me: Me }) {
  const skills = useSkills(), resources = useResources();
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  if (skills.isPending) return <Skeleton lines={6} />;
  if (skills.error) return <Failed problem={skills.error} retry={() => void skills.refetch()} />;
  return <>
    {me.rights.includes('resource.write') && <p className="row settings-tools"><button className="button" data-look="primary" onClick={() => setAdding(true)}><Icon name="plus" size={16} />{t('people.addSkill')}</button></p>}
    {skills.data.length === 0 ? <Empty icon="key" title={t('settings.noSkills')} /> : <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('settings.code')}</th><th scope="col">{t('settings.holders')}</th></tr></thead>
      <tbody>{skills.data.map(one => { const holders = (resources.data ?? []).filter(resource => (resource.skills ?? []).includes(one.code)); return <tr key={one.code}><th scope="row">{one.title ?? one.name ?? one.code}</th><td className="quiet">{one.code}</td><td><span className="who">{holders.slice(0, 8).map(resource => <Avatar key={resource.id} of={resource} size={22} />)} <span className="quiet">{t('settings.people', { n: holders.length })}</span></span></td></tr>; })}</tbody></table>}
    {adding && <FormDialog title={t('people.addSkill')} onClose={() => setAdding(false)} fields={[{ name: 'name', label: t('settings.name'), required: true }, { name: 'code', label: t('settings.code'), required: true, hint: t('fields.codeHint') }]} done={async values => { await post('/skills', values); await queries.invalidateQueries({ queryKey: ['skills'] }); }} />}
  </>;
}
