// What a screen shows when it has nothing, not yet, or no longer: empty, loading, error, offline.
import type { ReactNode } from 'react';
import { Problem } from '../api/client';
import { t } from '../i18n';
import { Icon, type IconName } from './icons';

export function Empty({ icon = 'search', title, hint, children }: { icon?: IconName; title: string; hint?: string; children?: ReactNode }) {
  return <div className="state"><Icon name={icon} size={28} /><h2>{title}</h2>{hint && <p>{hint}</p>}{children}</div>;
}

/** Lines in place of text that is on its way. They show after 150 ms only, so that what is quick does not flicker. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return <div className="skeleton" role="status" aria-label={t('common.loading')}>{Array.from({ length: lines }, (_, i) => <i key={i} />)}</div>;
}

export function problemText(problem: unknown): { title: string; hint: string } {
  if (!(problem instanceof Problem)) return { title: t('problem.server'), hint: t('problem.serverHint') };
  if (problem.offline) return { title: t('problem.offline'), hint: t('problem.offlineHint') };
  if (problem.status === 403) return { title: t('problem.forbidden'), hint: t('problem.forbiddenHint') };
  if (problem.status === 404) return { title: t('problem.notFound'), hint: t('problem.notFoundHint') };
  if (problem.status === 409 || problem.status === 412) return { title: problem.detail || t('problem.stale'), hint: t('problem.staleHint') };
  if (problem.status < 500) return { title: problem.detail || problem.title, hint: problem.errors.map(e => e.message).join(' · ') };
  return { title: t('problem.server'), hint: t('problem.serverHint') };
}

export function Failed({ problem, retry }: { problem: unknown; retry?: () => void }) {
  const { title, hint } = problemText(problem);
  return <div className="state" role="alert">
    <Icon name={problem instanceof Problem && problem.offline ? 'cloudOff' : 'warn'} size={28} />
    <h2>{title}</h2><p>{hint}</p>
    {retry && <button className="button" onClick={retry}>{t('common.retry')}</button>}
  </div>;
}
