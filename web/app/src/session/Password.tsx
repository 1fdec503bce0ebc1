// Choosing a password by the link of a letter.
import { useState } from 'react';
import { post, Problem } from '../api/client';
import type { Me } from '../api/types';
import { t } from '../i18n';
import { Icon, Mark } from '../ui/icons';
import { problemText } from '../ui/states';
import { loginProblem } from './Login';

export function SetPassword({ token, onDone }: { token: string; onDone: (me: Me) => void }) {
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  async function send() {
    if (password.length < 10) { setWrong(t('people.passwordHint')); return; }
    setBusy(true);
    try { const me = await post<Me>('/password', { token, password }); history.replaceState(null, '', '/'); onDone(me); } catch (problem) { setBusy(false); setWrong(problem instanceof Problem && problem.detail ? problem.detail : problemText(problem).title); }
  }
  return <div className="login"><main>
    <header><Mark size={40} /><div><h1>{t('app.name')}</h1><p className="quiet">{t('password.lead')}</p></div></header>
    <form onSubmit={event => { event.preventDefault(); void send(); }} noValidate>
      {wrong && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" />{wrong}</p>}
      <div className="field"><label htmlFor="new-password">{t('password.new')}</label><input id="new-password" type="password" className="input" autoComplete="new-password" autoFocus value={password} onChange={event => setPassword(event.target.value)} /><span className="hint">{t('people.passwordHint')}</span></div>
      <button className="button" data-look="primary" disabled={busy}>{t('password.set')}</button>
    </form>
  </main></div>;
}

/** Asks for a letter with a link; the answer is the same whether anybody signs in with the address or not. */
export function Forgot({ onBack }: { onBack: () => void }) {
  const [email, setEmail] = useState('');
  const [state, setState] = useState<'ask' | 'busy' | 'sent'>('ask');
  const [wrong, setWrong] = useState('');
  async function send() {
    setState('busy');
    try { await post('/password/forgot', { email: email.trim() }); setState('sent'); setWrong(''); } catch (problem) { setState('ask'); setWrong(loginProblem(problem)); }
  }
  return <form onSubmit={event => { event.preventDefault(); if (email.trim()) void send(); }} noValidate>
    {wrong && <p className="banner" data-tone="danger" role="alert"><Icon name="warn" />{wrong}</p>}
    {state === 'sent' ? <p role="status">{t('password.sent')}</p> : <><div className="field"><label htmlFor="forgot">{t('login.email')}</label><input id="forgot" type="email" className="input" autoComplete="username" autoFocus value={email} onChange={event => setEmail(event.target.value)} /></div>
      <button className="button" data-look="primary" disabled={state === 'busy' || !email.trim()}>{t('password.ask')}</button></>}
    <button type="button" className="link" onClick={onBack}>{t('common.back')}</button>
  </form>;
}
