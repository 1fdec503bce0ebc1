// Settings: who works here, what they may and can do, what is noted, what was changed, and the organisation.
import { useEffect } from 'react';
import { Link } from 'wouter';
import type { Me } from '../../api/types';
import { t } from '../../i18n';
import { longDay } from '../../i18n/format';
import { Empty } from '../../ui/states';
import { ChangeList } from './Changes';
import { FieldList } from './Fields';
import { ResourceList, SkillList, StaffList } from './People';

const sections = ['staff', 'resources', 'skills', 'fields', 'changes', 'organisation'] as const;

export function SettingsPage({ me, section }: { me: Me; section: string }) {
  useEffect(() => { document.title = `${t('settings.title')} · ${me.organisation.name}`; }, [me]);
  const titles = { staff: t('settings.staff'), resources: t('settings.resources'), skills: t('settings.skills'), fields: t('settings.fields'), changes: t('settings.changes'), organisation: t('settings.organisation') };
  return <>
    <header className="page-head"><h1>{t('settings.title')}</h1>
      <nav className="tabs" aria-label={t('settings.title')}>{sections.map(one => <Link key={one} href={`/settings/${one}`} aria-current={one === section ? 'page' : undefined}>{titles[one]}</Link>)}</nav>
    </header>
    <div className="settings" tabIndex={0}>
      {section === 'staff' && <StaffList me={me} />}
      {section === 'resources' && <ResourceList me={me} />}
      {section === 'skills' && <SkillList me={me} />}
      {section === 'fields' && <FieldList me={me} />}
      {section === 'changes' && <ChangeList me={me} />}
      {section === 'organisation' && <Organisation me={me} />}
      {!sections.includes(section as 'staff') && <Empty title={t('problem.notFound')} hint={t('problem.notFoundHint')} />}
    </div>
  </>;
}

function Organisation({ me }: { me: Me }) {
  const { organisation, map } = me;
  return <dl className="facts wide"><dt>{t('settings.name')}</dt><dd>{organisation.name}</dd><dt>{t('settings.zone')}</dt><dd>{organisation.zone}</dd><dt>{t('settings.currency')}</dt><dd>{organisation.currency}</dd><dt>{t('settings.language')}</dt><dd>{organisation.language === 'de' ? 'Deutsch' : 'English'}</dd>
    <dt>{t('settings.map')}</dt><dd>{map.source === 'town' ? t('settings.mapTown', { name: map.name }) : map.name}{map.attribution && <><br /><span className="quiet">{map.attribution}</span></>}</dd><dt>{t('settings.nextDay')}</dt><dd><Link href={`/day/${me.day}`}>{longDay(me.day)}</Link></dd></dl>;
}
