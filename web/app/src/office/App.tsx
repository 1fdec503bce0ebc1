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
import { useMe } from './queries';

const Day = lazy(() => import('./day/Day').then(module => ({ default: module.DayPage })));
const Accounts = lazy(() => import('./lists/Accounts').then(module => ({ default: module.AccountsPage })));
const AccountPage = lazy(() => import('./lists/Account').then(module => ({ default: module.AccountPage })));
const Visits = lazy(() => import('./lists/Visits').then(module => ({ default: module.VisitsPage })));
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
  { to: '/day', icon: 'day', text: () => t('nav.day'), under: '/day', right: 'plan.read' },
  { to: '/visits', icon: 'visits', text: () => t('nav.visits'), under: '/visits', right: 'visit.read' },
  { to: '/accounts', icon: 'accounts', text: () => t('nav.accounts'), under: '/accounts', right: 'account.read' },
  { to: '/settings', icon: 'settings', text: () => t('nav.settings'), under: '/settings', right: 'staff.read' },
];

function Frame({ me, onLanguage }: { me: Me; onLanguage: () => void }) {
  const [at] = useLocation();
  // One redirect leads home: a second in a row would be the same element to React and not be followed.
  const first = places.find(place => me.rights.includes(place.right))?.to ?? '/visits';
  const home = first === '/day' ? `/day/${me.day}` : first;
  return <div className="frame" key={language()}>
    <a className="skip" href="#main">{t('nav.skip')}</a>
    <nav className="rail" aria-label={t('nav.label')}>
      <Link href={home} className="mark" aria-label={t('app.name')}><Mark /></Link>
      {places.filter(place => me.rights.includes(place.right)).map(place => <Link key={place.to} href={place.to} className="rail-link" aria-current={at.startsWith(place.under) ? 'page' : undefined}><Icon name={place.icon} /><span>{place.text()}</span></Link>)}
      <span className="rail-gap" />
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
          <Route path="/accounts"><Accounts me={me} /></Route>
          <Route path="/accounts/:id">{({ id }) => <AccountPage me={me} id={id} />}</Route>
          <Route path="/visits"><Visits me={me} /></Route>
          <Route path="/settings/:section?">{({ section }) => <Settings me={me} section={section ?? 'staff'} />}</Route>
          <Route><Empty icon="map" title={t('problem.notFound')} hint={t('problem.notFoundHint')}><Link className="button" href={home}>{t('common.back')}</Link></Empty></Route>
        </Switch>
      </Suspense>
    </main>
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
