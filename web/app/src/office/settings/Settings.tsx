// Settings: who works here, who is on the plan, what they can do, and the organisation. Read-only views so far.
import { useEffect } from 'react';
import { Link } from 'wouter';
import type { Me } from '../../api/types';
import { say, t } from '../../i18n';
import { longDay, shortDay, span } from '../../i18n/format';
import { Avatar } from '../../ui/Avatar';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { skillName } from '../day/model';
import { useResources, useSkills, useStaff, useTeams } from '../queries';

const sections = ['staff', 'resources', 'skills', 'organisation'] as const;

export function SettingsPage({ me, section }: { me: Me; section: string }) {
  useEffect(() => { document.title = `${t('settings.title')} · ${me.organisation.name}`; }, [me]);
  const titles = { staff: t('settings.staff'), resources: t('settings.resources'), skills: t('settings.skills'), organisation: t('settings.organisation') };
  return <>
    <header className="page-head"><h1>{t('settings.title')}</h1>
      <nav className="tabs" aria-label={t('settings.title')}>{sections.map(one => <Link key={one} href={`/settings/${one}`} aria-current={one === section ? 'page' : undefined}>{titles[one]}</Link>)}</nav>
    </header>
    <div className="settings" tabIndex={0}>
      {section === 'staff' && <StaffList />}
      {section === 'resources' && <ResourceList me={me} />}
      {section === 'skills' && <SkillList />}
      {section === 'organisation' && <Organisation me={me} />}
      {!sections.includes(section as 'staff') && <Empty title={t('problem.notFound')} hint={t('problem.notFoundHint')} />}
    </div>
  </>;
}

function StaffList() {
  const staff = useStaff(), teams = useTeams(), resources = useResources();
  const colours = new Map((resources.data ?? []).map(one => [one.staff_id, one.colour]));
  if (staff.isPending) return <Skeleton lines={10} />;
  if (staff.error) return <Failed problem={staff.error} retry={() => void staff.refetch()} />;
  const team = (id: string) => teams.data?.find(one => one.id === id)?.name ?? '';
  return <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('settings.role')}</th><th scope="col">{t('settings.team')}</th><th scope="col">{t('settings.email')}</th><th scope="col">{t('settings.state')}</th></tr></thead>
    <tbody>{staff.data.map(one => <tr key={one.id}><th scope="row"><span className="who"><Avatar of={{ ...one, colour: colours.get(one.id) }} />{one.name}</span></th><td>{one.role_title || say(`role.${one.role}`, one.role)}</td><td>{(one.team_ids ?? []).map(team).filter(Boolean).join(', ')}</td><td className="quiet">{one.email}</td><td>{one.active === false ? <span className="chip">{t('settings.inactive')}</span> : <span className="chip" data-tone="ok">{t('settings.active')}</span>}</td></tr>)}</tbody></table>;
}

function ResourceList({ me }: { me: Me }) {
  const resources = useResources(me.day), skills = useSkills();
  if (resources.isPending) return <Skeleton lines={10} />;
  if (resources.error) return <Failed problem={resources.error} retry={() => void resources.refetch()} />;
  return <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('settings.kind')}</th><th scope="col">{t('settings.skills')}</th><th scope="col">{t('settings.base')}</th><th scope="col">{t('settings.shift', { day: shortDay(me.day) })}</th></tr></thead>
    <tbody>{resources.data.map(one => <tr key={one.id}><th scope="row"><span className="who"><Avatar of={one} />{one.name}</span></th><td>{say(`resource.${one.kind}`, one.kind)}</td>
      <td>{(one.skills ?? []).map(code => skillName(skills.data, code)).join(', ') || <span className="faint">{t('settings.none')}</span>}</td><td className="quiet">{one.base.label}</td>
      <td>{one.absent ? <span className="chip" data-tone="warn">{t('day.absent')}</span> : (one.shifts ?? []).map(shift => span(shift.start, shift.end, me.organisation.zone)).join(', ') || <span className="faint">{t('day.noShift')}</span>}</td></tr>)}</tbody></table>;
}

function SkillList() {
  const skills = useSkills(), resources = useResources();
  if (skills.isPending) return <Skeleton lines={6} />;
  if (skills.error) return <Failed problem={skills.error} retry={() => void skills.refetch()} />;
  if (skills.data.length === 0) return <Empty icon="key" title={t('settings.noSkills')} />;
  return <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('settings.code')}</th><th scope="col">{t('settings.holders')}</th></tr></thead>
    <tbody>{skills.data.map(one => { const holders = (resources.data ?? []).filter(resource => (resource.skills ?? []).includes(one.code)); return <tr key={one.code}><th scope="row">{one.title ?? one.name ?? one.code}</th><td className="quiet">{one.code}</td><td><span className="who">{holders.slice(0, 8).map(resource => <Avatar key={resource.id} of={resource} size={22} />)} <span className="quiet">{t('settings.people', { n: holders.length })}</span></span></td></tr>; })}</tbody></table>;
}

function Organisation({ me }: { me: Me }) {
  const { organisation, map } = me;
  return <dl className="facts wide"><dt>{t('settings.name')}</dt><dd>{organisation.name}</dd><dt>{t('settings.zone')}</dt><dd>{organisation.zone}</dd><dt>{t('settings.currency')}</dt><dd>{organisation.currency}</dd><dt>{t('settings.language')}</dt><dd>{organisation.language === 'de' ? 'Deutsch' : 'English'}</dd>
    <dt>{t('settings.map')}</dt><dd>{map.source === 'town' ? t('settings.mapTown', { name: map.name }) : map.name}{map.attribution && <><br /><span className="quiet">{map.attribution}</span></>}</dd><dt>{t('settings.nextDay')}</dt><dd><Link href={`/day/${me.day}`}>{longDay(me.day)}</Link></dd></dl>;
}
