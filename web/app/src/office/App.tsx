// The frame of the office: the rail, who is logged in, and the page of the address.
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { patch, post, Problem, sessionLost } from '../api/client';
import type { Me } from '../api/types';
import { language, loadLanguage, t, type Language } from '../i18n';
import { useLiveState } from '../live';
import { Login } from '../session/Login';
import { Avatar } from '../ui/Avatar';
import { Icon, Mark, type IconName } from '../ui/icons';
import { Empty, Failed, Skeleton } from '../ui/states';
import { setTheme, useTheme, type Theme } from '../ui/theme';
import { Toasts, toastProblem } from '../ui/toast';
import { Bell } from './Notices';
import { useMe } from './queries';
import { called, useKinds } from './records/kinds';

const Day = lazy(() => import('./day/Day').then(module => ({ default: module.DayPage })));
const Home = lazy(() => import('./Home').then(module => ({ default: module.HomePage })));
const Palette = lazy(() => import('./Palette').then(module => ({ default: module.Palette })));
const Keys = lazy(() => import('./Keys').then(module => ({ default: module.Keys })));
const Records = lazy(() => import('./records/RecordsPage').then(module => ({ default: module.RecordsPage })));
const RecordPage = lazy(() => import('./records/RecordPage').then(module => ({ default: module.RecordPage })));
const AccountPage = lazy(() => import('./lists/Account').then(module => ({ default: module.AccountPage })));
const WorkMap = lazy(() => import('./map/MapPage').then(module => ({ default: module.MapPage })));
const Visits = lazy(() => import('./lists/Visits').then(module => ({ default: module.VisitsPage })));
const Imports = lazy(() => import('./exchange/Imports').then(module => ({ default: module.ImportsPage })));
const ImportPage = lazy(() => import('./exchange/Imports').then(module => ({ default: module.ImportPage })));
const Duplicates = lazy(() => import('./exchange/Duplicates').then(module => ({ default: module.DuplicatesPage })));
const Settings = lazy(() => import('./settings/Settings').then(module => ({ default: module.SettingsPage })));

export function App() {
  const queries = useQueryClient();
  const me = useMe();
  const [, redraw] = useState(0);
  useEffect(() => {
    const lost = () => queries.setQueryData(['me'], null);
    sessionLost.addEventListener('lost', lost);
    return () => sessionLost.removeEventListener('lost', lost);
  }, [queries]);
  const problem = me.error;
  if (me.data) return <><Frame me={me.data} onLanguage={() => redraw(n => n + 1)} /><Toasts /></>;
  if (me.data === null || problem instanceof Problem && problem.status === 401) {
    return <><Login onDone={async someone => { queries.clear(); queries.setQueryData(['me'], someone); await speak(someone); redraw(n => n + 1); }} /><Toasts /></>;
  }
  if (problem) return <Failed problem={problem} retry={() => void me.refetch()} />;
  return <div className="frame"><nav className="rail" /><main className="page"><Skeleton lines={8} /></main></div>;
}

/** Speaks the language of whoever logs in, unless one was chosen on this device. */
async function speak(me: Me) {
  let chosen: string | null = null;
  try { chosen = localStorage.getItem('language'); } catch { /* storage may be forbidden: the account's language holds */ }
  const wanted: Language = (chosen ?? me.language) === 'de' ? 'de' : 'en';
  if (wanted !== language()) await loadLanguage(wanted);
}

/** The places of the rail, with the right one needs to see each. */
const places: { to: string; icon: IconName; text: () => string; under: string; right: string }[] = [
  { to: '/home', icon: 'home', text: () => t('nav.home'), under: '/home', right: 'account.read' },
  { to: '/day', icon: 'day', text: () => t('nav.day'), under: '/day', right: 'plan.read' },
  { to: '/visits', icon: 'visits', text: () => t('nav.visits'), under: '/visits', right: 'visit.read' },
  { to: '/map', icon: 'map', text: () => t('nav.map'), under: '/map', right: 'account.read' },
];

/** Kinds of records with a place of their own in the rail; the rest stand under More. */
const inRail: Record<string, IconName> = { account: 'accounts', lead: 'lead', deal: 'deal', case: 'case', installation: 'asset' };
const underMore = ['contact', 'activity', 'contract', 'order', 'product', 'product_group'];

function Frame({ me, onLanguage }: { me: Me; onLanguage: () => void }) {
  const [at] = useLocation();
  const kinds = useKinds();
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const typing = (event.target as Element).closest?.('input, textarea, select, [contenteditable]');
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') { event.preventDefault(); setOpen('palette'); return; }
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      const find = document.querySelector<HTMLInputElement>('.page-head input[type=search]');
      if (event.key === '/' && find) { event.preventDefault(); find.focus(); }
      else if (event.key === '?' && !at.startsWith('/day')) setOpen('keys');
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  }, [at]);
  // One redirect leads home: a second in a row would be the same element to React and not be followed.
  const home = me.role === 'dispatcher' ? `/day/${me.day}` : me.rights.includes('account.read') ? '/home' : '/visits';
  const mayRead = places.filter(place => me.rights.includes(place.right));
  const ofKind = (name: string) => kinds.data?.find(one => one.name === name);
  const railed = Object.entries(inRail).flatMap(([name, icon]) => { const kind = ofKind(name); return kind ? [{ to: `/${kind.plural}`, icon, text: called(kind.many) }] : []; });
  const more = [...underMore.flatMap(name => { const kind = ofKind(name); return kind ? [{ to: `/${kind.plural}`, icon: 'list' as IconName, text: called(kind.many) }] : []; }), ...(me.rights.includes('import.run') ? [{ to: '/imports', icon: 'plus' as IconName, text: t('imports.title') }] : []), ...(me.rights.includes('merge.write') ? [{ to: '/duplicates', icon: 'person' as IconName, text: t('duplicates.title') }] : []), ...(me.rights.includes('staff.read') ? [{ to: '/settings', icon: 'settings' as IconName, text: t('nav.settings') }] : [])];
  const everywhere = [...mayRead.map(place => ({ to: place.to, icon: place.icon, text: place.text() })), ...railed, ...more];
  return <div className="frame" key={language()}>
    <a className="skip" href="#main">{t('nav.skip')}</a>
    <nav className="rail" aria-label={t('nav.label')}>
      <Link href={home} className="mark" aria-label={t('app.name')}><Mark /></Link>
      <div className="rail-places">
        {mayRead.map(place => <Link key={place.to} href={place.to} className="rail-link" aria-current={at.startsWith(place.under) ? 'page' : undefined}><Icon name={place.icon} /><span>{place.text()}</span></Link>)}
        {railed.map(place => <Link key={place.to} href={place.to} className="rail-link" aria-current={at.startsWith(place.to) ? 'page' : undefined}><Icon name={place.icon} /><span>{place.text}</span></Link>)}
      </div>
      <More places={more} at={at} wide={[...mayRead.map(place => ({ to: place.to, icon: place.icon, text: place.text() })), ...railed]} />
      <span className="rail-gap" />
      <button className="rail-link" onClick={() => setOpen('palette')} aria-keyshortcuts="Control+K"><Icon name="search" /><span>{t('nav.search')}</span></button>
      <Bell me={me} />
      {me.resource_id && <a className="rail-link" href="/tech"><Icon name="phone" /><span>{t('nav.phone')}</span></a>}
      <MeMenu me={me} onLanguage={onLanguage} />
    </nav>
    <main className="page" id="main" tabIndex={-1}>
      <LiveBanner />
      <Suspense fallback={<Skeleton lines={10} />}>
        <Switch>
          <Route path="/"><Redirect to={home} replace /></Route>
          <Route path="/login"><Redirect to={home} replace /></Route>
          <Route path="/day"><Redirect to={`/day/${me.day}`} replace /></Route>
          <Route path="/day/:date">{({ date }) => /^\d{4}-\d\d-\d\d$/.test(date) ? <Day me={me} day={date} /> : <Redirect to={`/day/${me.day}`} replace />}</Route>
          <Route path="/home"><Home me={me} /></Route>
          <Route path="/accounts/:id">{({ id }) => <AccountPage me={me} id={id} />}</Route>
          <Route path="/map"><WorkMap me={me} /></Route>
          <Route path="/visits"><Visits me={me} /></Route>
          <Route path="/imports"><Imports me={me} /></Route>
          <Route path="/imports/:id">{({ id }) => <ImportPage id={id} />}</Route>
          <Route path="/duplicates"><Duplicates me={me} /></Route>
          <Route path="/settings/:section?">{({ section }) => <Settings me={me} section={section ?? 'staff'} />}</Route>
          <Route path="/:plural">{({ plural }) => <Records me={me} plural={plural} key={plural} />}</Route>
          <Route path="/:plural/:id">{({ plural, id }) => <RecordPage me={me} plural={plural} id={id} />}</Route>
          <Route><Empty icon="map" title={t('problem.notFound')} hint={t('problem.notFoundHint')}><Link className="button" href={home}>{t('common.back')}</Link></Empty></Route>
        </Switch>
      </Suspense>
    </main>
    <Suspense>{open === 'palette' && <Palette places={everywhere} onClose={() => setOpen(null)} onHelp={() => setOpen('keys')} />}{open === 'keys' && <Keys onClose={() => setOpen(null)} />}</Suspense>
  </div>;
}

/** What has no place of its own in the rail; on a phone, everything but the first four. */
function More({ places, wide, at }: { places: { to: string; icon: IconName; text: string }[]; wide: { to: string; icon: IconName; text: string }[]; at: string }) {
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [at]);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => { if (event instanceof KeyboardEvent ? event.key === 'Escape' : !(event.target as Element).closest('.more')) setOpen(false); };
    addEventListener('pointerdown', away);
    addEventListener('keydown', away);
    return () => { removeEventListener('pointerdown', away); removeEventListener('keydown', away); };
  }, [open]);
  return <div className="me more"><button className="rail-link" aria-expanded={open} data-here={places.some(place => at.startsWith(place.to)) || undefined} onClick={() => setOpen(!open)}><Icon name="more" /><span>{t('nav.more')}</span></button>
    {open && <ul className="me-panel more-panel">{wide.map(place => <li key={place.to} className="narrow-only"><Link href={place.to} className="menu-line"><Icon name={place.icon} size={16} />{place.text}</Link></li>)}{places.map(place => <li key={place.to}><Link href={place.to} className="menu-line" aria-current={at.startsWith(place.to) ? 'page' : undefined}><Icon name={place.icon} size={16} />{place.text}</Link></li>)}</ul>}
  </div>;
}

function LiveBanner() {
  const state = useLiveState();
  const [shown, setShown] = useState(false);
  useEffect(() => { // a short break is nobody's business
    if (state !== 'lost') { setShown(false); return; }
    const timer = setTimeout(() => setShown(true), 4000);
    return () => clearTimeout(timer);
  }, [state]);
  return shown ? <p className="banner live" role="status"><Icon name="cloudOff" /><b>{t('live.offline')}</b>{t('live.offlineHint')}</p> : null;
}

function MeMenu({ me, onLanguage }: { me: Me; onLanguage: () => void }) {
  const queries = useQueryClient();
  const theme = useTheme();
  const [open, setOpen] = useState(false);
  const themes: [Theme, string, IconName][] = [['auto', t('theme.auto'), 'system'], ['light', t('theme.light'), 'sun'], ['dark', t('theme.dark'), 'moon']];
  async function choose(wanted: Language) {
    try { localStorage.setItem('language', wanted); } catch { /* storage may be forbidden: the choice holds until the page closes */ }
    await loadLanguage(wanted);
    onLanguage();
    patch<Me>('/me', me.version, { language: wanted }).then(fresh => { if (fresh?.id) queries.setQueryData(['me'], fresh); }).catch(() => undefined);
  }
  async function leave() {
    try { await post('/logout'); } catch (problem) { if (!(problem instanceof Problem) || problem.status !== 401) { toastProblem(problem); return; } }
    queries.clear();
    queries.setQueryData(['me'], null);
  }
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => { if (event instanceof KeyboardEvent ? event.key === 'Escape' : !(event.target as Element).closest('.me')) setOpen(false); };
    addEventListener('pointerdown', away);
    addEventListener('keydown', away);
    return () => { removeEventListener('pointerdown', away); removeEventListener('keydown', away); };
  }, [open]);
  return <div className="me">
    <button className="me-button" aria-label={`${me.initials} ${me.name}: ${t('nav.me')}`} aria-expanded={open} onClick={() => setOpen(!open)}><Avatar of={me} size={30} /></button>
    {open && <div className="me-panel">
      <div className="me-who"><Avatar of={me} size={36} /><div><b>{me.name}</b><span className="quiet">{me.role_title}</span><span className="faint">{me.organisation.name}</span></div></div>
      <fieldset className="segments"><legend>{t('me.theme')}</legend>{themes.map(([value, text, icon]) => <label key={value}><input type="radio" name="theme" checked={theme === value} onChange={() => setTheme(value)} /><Icon name={icon} size={16} /><span>{text}</span></label>)}</fieldset>
      <fieldset className="segments"><legend>{t('me.language')}</legend>{(['en', 'de'] as const).map(value => <label key={value}><input type="radio" name="language" checked={language() === value} onChange={() => void choose(value)} /><span lang={value}>{value === 'de' ? 'Deutsch' : 'English'}</span></label>)}</fieldset>
      <button className="button" onClick={() => void leave()}><Icon name="logout" />{t('me.logout')}</button>
    </div>}
  </div>;
}
