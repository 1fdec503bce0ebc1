import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { Route, Router, Switch } from 'wouter';
import { useLive } from '../live';
import { t } from '../i18n';
import { Login } from '../session/Login';
import { Icon } from '../ui/icons';
import { Skeleton } from '../ui/states';
import { Toasts } from '../ui/toast';
import { enter, load, restart, useTech } from './state';
import { TodayPage } from './TodayPage';
import { VisitPage } from './VisitPage';

const Nearby = lazy(() => import('./Nearby').then(module => ({ default: module.NearbyPage })));
const Customer = lazy(() => import('./CustomerPage').then(module => ({ default: module.CustomerPage })));

export function App() {
  const { session, me, date, update } = useTech();
  const [, redraw] = useState(0);
  const refresh = useCallback(() => void load(), []);
  useLive(session === 'in' && me?.resource_id ? 'me' : null, refresh);
  useLive(session === 'in' && me?.resource_id && date && me.rights.includes('plan.read') ? `day:${date}` : null, refresh);
  useEffect(() => { // "in 5 min" and the like stay true
    const timer = setInterval(() => redraw(n => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return <>
    {update && <p className="update"><span>{t('tech.update')}</span><button className="button" onClick={restart}>{t('tech.updateNow')}</button></p>}
    {session === 'unknown' && <main className="page"><Skeleton lines={9} /></main>}
    {session === 'out' && <Login onDone={me => void enter(me)} />}
    {session === 'in' && <Router base="/tech">
      <Suspense fallback={<main className="page"><Skeleton lines={9} /></main>}><Switch>
        <Route path="/visit/:id">{({ id }) => <VisitPage id={id} />}</Route>
        <Route path="/nearby"><Nearby /></Route>
        <Route path="/customer/:id">{({ id }) => <Customer id={id} />}</Route>
        <Route><TodayPage /></Route>
      </Switch></Suspense>
    </Router>}
    <Toasts />
  </>;
}

/** The chip that always tells how things stand with the connection. */
export function Connection({ onOpen }: { onOpen: () => void }) {
  const { online, outbox, sending } = useTech();
  const waiting = outbox.length;
  const text = sending ? t('tech.sending') : waiting > 0 ? t('tech.unsent', { n: waiting }) : online ? t('tech.online') : t('tech.offline');
  return <button className="connection" data-state={!online ? 'offline' : waiting > 0 ? 'waiting' : 'online'} onClick={onOpen}>
    {!online ? <Icon name="cloudOff" size={18} /> : waiting > 0 ? <Icon name="clock" size={18} /> : <Icon name="check" size={18} />}
    <span>{!online && waiting > 0 && !sending ? `${t('tech.offline')} · ${text}` : text}</span>
  </button>;
}
