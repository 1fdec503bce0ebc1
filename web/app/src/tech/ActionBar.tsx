// The one next action: a large button in the thumb's reach, and what else can be done with the visit behind it.
import { useState } from 'react';
import { Link } from 'wouter';
import { t } from '../i18n';
import { clock } from '../i18n/format';
import { Icon } from '../ui/icons';
import { nextAction, type Row } from './day';
import { CloseSheet } from './CloseSheet';
import { tap } from './state';

export function ActionBar({ row, zone, of, compact, onVisit }: { row: Row; zone: string; of: number; compact?: boolean; onVisit?: boolean }) {
  const [closing, setClosing] = useState<'done' | 'cannot' | null>(null);
  const action = nextAction(row);
  if (!action) return null;
  const labels = { start_travel: t('tech.do.start_travel'), arrive: t('tech.do.arrive'), start: t('tech.do.start'), complete: t('tech.do.complete') };
  const said = { start_travel: t('tech.did.start_travel'), arrive: t('tech.did.arrive'), start: t('tech.did.start'), complete: t('tech.did.complete') };
  return <footer className="dock">
    {!onVisit && <Link href={`/visit/${row.visit.id}`} className="dock-visit" data-compact={compact || undefined}>
      <span className="quiet">{t('tech.visitOf', { k: row.number, n: of })} · {t('tech.arriveAt', { time: clock(row.arrive, zone) })}</span>
      <b className="ellipsis">{row.visit.account.name}</b>
    </Link>}
    <div className="dock-buttons">
      {(row.state === 'on_site' || row.state === 'travelling') && <button className="button big" onClick={() => setClosing('cannot')}>{t('tech.cannot')}</button>}
      <button className="button big" data-look="primary" data-action={action} onClick={() => action === 'complete' ? setClosing('done') : void tap(action, row.visit, {}, said[action])}>
        {action === 'complete' ? <Icon name="check" /> : action === 'start_travel' ? <Icon name="road" /> : action === 'arrive' ? <Icon name="visits" /> : <Icon name="bolt" />}
        {labels[action]}
      </button>
    </div>
    {closing && <CloseSheet row={row} how={closing} onClose={() => setClosing(null)} />}
  </footer>;
}
