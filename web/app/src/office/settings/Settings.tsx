// Settings: who works here, what they may and can do, what is noted, what was changed, and the organisation.
import { useEffect } from 'react';
import { Link } from 'wouter';
import type { Me } from '../../api/types';
import { t } from '../../i18n';
import { Empty } from '../../ui/states';
import { AuditList, OrganisationPage, PolicyList, RoleList, VisitTypeList, WebhookList } from './Administration';
import { ChangeList } from './Changes';
import { FieldList } from './Fields';
import { ResourceList, SkillList, StaffList } from './People';

/** The sections, with the right one needs to see each. */
const sections = [['staff', 'staff.read'], ['resources', 'resource.read'], ['skills', 'resource.read'], ['visit-types', 'visit.read'], ['roles', 'staff.read'], ['fields', 'signed_in'], ['changes', 'signed_in'], ['webhooks', 'webhook.write'], ['policies', 'organisation.write'], ['audit', 'audit.read'], ['organisation', 'signed_in']] as const;

export function SettingsPage({ me, section }: { me: Me; section: string }) {
  useEffect(() => { document.title = `${t('settings.title')} · ${me.organisation.name}`; }, [me]);
  const seen = sections.filter(([, right]) => me.rights.includes(right)).map(([one]) => one);
  const titles = { staff: t('settings.staff'), resources: t('settings.resources'), skills: t('settings.skills'), 'visit-types': t('visitTypes.title'), roles: t('roles.title'), webhooks: t('webhooks.title'), policies: t('policies.title'), audit: t('audit.title'), fields: t('settings.fields'), changes: t('settings.changes'), organisation: t('settings.organisation') };
  return <>
    <header className="page-head"><h1>{t('settings.title')}</h1>
      <nav className="tabs" aria-label={t('settings.title')}>{seen.map(one => <Link key={one} href={`/settings/${one}`} aria-current={one === section ? 'page' : undefined}>{titles[one]}</Link>)}</nav>
    </header>
    <div className="settings" tabIndex={0}>
      {section === 'staff' && <StaffList me={me} />}
      {section === 'resources' && <ResourceList me={me} />}
      {section === 'skills' && <SkillList me={me} />}
      {section === 'fields' && <FieldList me={me} />}
      {section === 'changes' && <ChangeList me={me} />}
      {section === 'visit-types' && <VisitTypeList me={me} />}
      {section === 'roles' && <RoleList me={me} />}
      {section === 'webhooks' && <WebhookList me={me} />}
      {section === 'policies' && <PolicyList />}
      {section === 'audit' && <AuditList me={me} />}
      {section === 'organisation' && <OrganisationPage me={me} />}
      {!seen.includes(section as 'staff') && <Empty title={t('problem.notFound')} hint={t('problem.notFoundHint')} />}
    </div>
  </>;
}
