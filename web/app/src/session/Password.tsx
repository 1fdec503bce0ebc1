// Asking for a letter with a link to choose a new password; the page behind the link is the server's own.
import { useState } from 'react';
import { post } from '../api/client';
import { t } from '../i18n';
import { Icon } from '../ui/icons';
import { loginProblem } from './Login';

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
