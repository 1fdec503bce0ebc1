// The door: e-mail and password, nothing else. Used by the office and the phone.
import { lazy, Suspense, useRef, useState, type FormEvent } from 'react';
import { post, Problem } from '../api/client';
import type { Me } from '../api/types';
import { t } from '../i18n';
import { duration } from '../i18n/format';
import { Icon, Mark } from '../ui/icons';
import { problemText } from '../ui/states';

const Forgot = lazy(() => import('./Password').then(module => ({ default: module.Forgot })));

export function Login({ onDone }: { onDone: (me: Me) => void }) {
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const [wrong, setWrong] = useState<{ email?: string; password?: string; all?: string }>({});
  const [forgot, setForgot] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const data = new FormData(form.current!);
    const email = String(data.get('email')).trim();
    const password = String(data.get('password'));
    const missing = { email: email ? undefined : t('login.needEmail'), password: password ? undefined : t('login.needPassword') };
    if (missing.email || missing.password) {
      setWrong(missing);
      form.current!.querySelector<HTMLInputElement>(missing.email ? '[name=email]' : '[name=password]')!.focus();
      return;
    }
    setBusy(true);
    setWrong({});
    try {
      onDone(await post<Me>('/login', { email, password }));
    } catch (problem) {
      setBusy(false);
      setWrong({ all: loginProblem(problem) });
      form.current!.querySelector<HTMLInputElement>('[name=password]')!.focus();
    }
  }

  return <div className="login">
    <Streams />
    <main>
      <header><Mark size={40} /><div><h1>{t('app.name')}</h1><p className="quiet">{t('login.lead')}</p></div></header>
      {forgot ? <Suspense><Forgot onBack={() => setForgot(false)} /></Suspense> : <form ref={form} onSubmit={submit} noValidate>
        {wrong.all && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" />{wrong.all}</p>}
        <div className="field">
          <label htmlFor="email">{t('login.email')}</label>
          <input id="email" name="email" type="email" className="input" autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus aria-invalid={!!wrong.email} aria-describedby={wrong.email ? 'email-wrong' : undefined} />
          {wrong.email && <span className="wrong" id="email-wrong">{wrong.email}</span>}
        </div>
        <div className="field">
          <label htmlFor="password">{t('login.password')}</label>
          <div className="secret">
            <input id="password" name="password" type={shown ? 'text' : 'password'} className="input" autoComplete="current-password" aria-invalid={!!wrong.password} aria-describedby={wrong.password ? 'password-wrong' : undefined} />
            <button type="button" aria-label={shown ? t('login.hide') : t('login.show')} aria-pressed={shown} onClick={() => setShown(!shown)}><Icon name="eye" /></button>
          </div>
          {wrong.password && <span className="wrong" id="password-wrong">{wrong.password}</span>}
        </div>
        <button className="button" data-look="primary" disabled={busy}>{busy ? t('login.busy') : t('login.submit')}</button>
        <button type="button" className="link" onClick={() => setForgot(true)}>{t('password.forgot')}</button>
      </form>}
    </main>
  </div>;
}

export function loginProblem(problem: unknown): string {
  if (problem instanceof Problem && (problem.status === 401 || problem.status === 422)) return t('login.wrong');
  if (problem instanceof Problem && problem.status === 429) return t('login.limited', { time: duration(problem.retryAfter || 60) });
  const { title, hint } = problemText(problem);
  return `${title}. ${hint}`;
}

/** Watercourses that run together: the picture behind the door. */
function Streams() {
  return <svg viewBox="0 0 1200 800" preserveAspectRatio="xMidYMid slice" fill="none" stroke="currentColor" strokeLinecap="round" aria-hidden="true">
    <path strokeWidth="9" d="M600 820C590 700 640 620 560 520 500 440 520 380 470 300" />
    <path strokeWidth="6" d="M578 560C700 500 720 400 820 350 900 310 930 230 1010 190M470 300C440 220 340 210 300 120 280 70 290 20 270-20" />
    <path strokeWidth="4" d="M520 440C400 430 330 480 220 440 140 410 90 440-20 400M820 350C800 260 840 180 800 90 790 50 800 10 790-20M1010 190c60-40 120-30 220-90M585 640c100 20 190-20 280 30 90 40 200 10 360 60" />
    <path strokeWidth="2.5" d="M300 120C220 130 160 90 90 110 50 120 10 100-20 110M220 440c-30 60-110 80-140 150-20 50-60 60-110 90M865 670c10 60 70 80 80 160M470 300c40-50 100-60 130-130 20-50 10-110 40-200M930 270c70 40 160 30 300 90M590 720c-90-20-150 30-240 10-70-20-130 20-180 100M800 90c-40-30-60-70-60-120M400 430c-10-50-60-70-100-80" />
  </svg>;
}
