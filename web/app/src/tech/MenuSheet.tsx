// The sheets behind the chip and the menu: what is not sent, theme, language, log out.
import { useState } from 'react';
import { Link } from 'wouter';
import { t, language, loadLanguage, type Language } from '../i18n';
import { clock } from '../i18n/format';
import { patch } from '../api/client';
import { Icon, type IconName } from '../ui/icons';
import { setTheme, useTheme, type Theme } from '../ui/theme';
import { Sheet } from './Sheet';
import { logout, send, useTech } from './state';

export function SyncSheet({ onClose }: { onClose: () => void }) {
  const { outbox, online, sending, me, today } = useTech();
  const zone = me?.organisation.zone ?? 'UTC';
  const said: Record<string, string> = {
    start_travel: t('tech.did.start_travel'), arrive: t('tech.did.arrive'), start: t('tech.did.start'), complete: t('tech.did.complete'), cannot_complete: t('tech.did.cannot_complete'),
    no_access: t('tech.did.no_access'), add_note: t('tech.did.add_note'), acknowledge: t('tech.did.acknowledge'), undo: t('tech.did.undo'),
  };
  return <Sheet title={t('tech.syncTitle')} onClose={onClose}>
    <p>{online ? t('tech.online') : t('tech.offline')} · {outbox.length === 0 ? t('tech.syncAll') : t('tech.unsent', { n: outbox.length })}</p>
    <p className="quiet">{outbox.length === 0 ? t('tech.syncAllHint') : t('tech.syncSome')}</p>
    {outbox.length > 0 && <ol className="waiting">{outbox.map(entry => <li key={entry.id}><span className="quiet">{clock(entry.device_time, zone)}</span><span><b>{said[entry.kind] ?? entry.kind}</b><br />{entry.title}</span></li>)}</ol>}
    {outbox.length > 0 && <button className="button big" data-look="primary" disabled={sending} onClick={() => void send(true)}>{sending ? t('tech.sending') : t('tech.syncNow')}</button>}
    {today && <p className="quiet">{t('tech.prepared', { n: (today.stops ?? []).filter(stop => stop.visit).length })}</p>}
  </Sheet>;
}

export function MenuSheet({ onClose, onLead }: { onClose: () => void; onLead: () => void }) {
  const { me, outbox } = useTech();
  const theme = useTheme();
  const [sure, setSure] = useState(false);
  const themes: [Theme, string, IconName][] = [['auto', t('theme.auto'), 'system'], ['light', t('theme.light'), 'sun'], ['dark', t('theme.dark'), 'moon'], ['sun', t('theme.sun'), 'eye']];
  async function speak(wanted: Language) {
    try { localStorage.setItem('language', wanted); } catch { /* storage may be forbidden: the choice holds until the page closes */ }
    await loadLanguage(wanted);
    if (me) void patch('/me', me.version, { language: wanted }).catch(() => undefined);
    onClose();
  }
  return <Sheet title={me?.name ?? t('tech.settings')} onClose={onClose}>
    {me?.rights.includes('account.read') && <Link href="/nearby" className="button big" onClick={onClose}><Icon name="locate" />{t('near.title')}</Link>}
    {me?.rights.includes('lead.write') && <button className="button big" onClick={onLead}><Icon name="plus" />{t('spot.lead')}</button>}
    <fieldset className="choices"><legend>{t('me.theme')}</legend>
      {themes.map(([value, label, icon]) => <label key={value} className="choice"><input type="radio" name="theme" checked={theme === value} onChange={() => setTheme(value)} /><Icon name={icon} /><span>{label}</span></label>)}
    </fieldset>
    <fieldset className="choices"><legend>{t('me.language')}</legend>
      {(['en', 'de'] as const).map(value => <label key={value} className="choice"><input type="radio" name="language" checked={language() === value} onChange={() => void speak(value)} /><span lang={value}>{value === 'de' ? 'Deutsch' : 'English'}</span></label>)}
    </fieldset>
    <p className="quiet">{t('tech.install')}</p>
    {sure
      ? <><p className="banner" data-tone="danger"><Icon name="warn" />{t('tech.logoutUnsent', { n: outbox.length })}</p><button className="button big" data-look="danger" onClick={() => void logout()}>{t('tech.logoutAnyway')}</button></>
      : <button className="button big" onClick={() => outbox.length > 0 ? setSure(true) : void logout()}><Icon name="logout" />{t('me.logout')}</button>}
  </Sheet>;
}
