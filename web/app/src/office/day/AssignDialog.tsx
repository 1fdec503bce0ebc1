// Who goes: everyone with the first time that fits, or why not. By keyboard: type, arrows, Enter.
import { useMemo, useState } from 'react';
import type { Skill, Visit } from '../../api/types';
import { t } from '../../i18n';
import { clock } from '../../i18n/format';
import { Avatar } from '../../ui/Avatar';
import { Dialog } from '../../ui/Dialog';
import { misfitWords } from './Board';
import type { Commands } from './commands';
import { firstGap, misfit, type Model } from './model';
import { wallTime } from '../../i18n/format';

export function AssignDialog({ visit, model, zone, skills, commands, locked, onClose }: { visit: Visit; model: Model; zone: string; skills: Skill[] | undefined; commands: Commands; locked: boolean; onClose: () => void }) {
  const [time, setTime] = useState('');
  const day = model.lanes[0]?.shifts[0] ? new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(model.lanes.find(lane => lane.shifts[0])!.shifts[0]![0]) : null;
  const rows = useMemo(() => {
    const [hour, minute] = time.split(':').map(Number);
    const wanted = time && day ? wallTime(day, hour!, minute!, zone) : null;
    return model.lanes.map(lane => {
      const start = wanted ?? firstGap(visit, lane);
      const why = misfit(visit, lane, start ?? undefined);
      return { lane, start, why };
    }).sort((a, b) => Number(a.why !== null || a.start === null) - Number(b.why !== null || b.start === null) || a.lane.busy - b.lane.busy);
  }, [model, visit, time, zone, day]);
  return <Dialog title={t('visit.choosePerson')} onClose={onClose}>
    <p className="quiet">{visit.title} · {visit.account.name}</p>
    {locked && <p className="banner" role="status">{t('board.proposalLocked')}</p>}
    <div className="field narrow"><label htmlFor="assign-time">{t('visit.time')} <span className="faint">({t('common.optional')})</span></label><input id="assign-time" type="time" className="input" step={300} value={time} onChange={event => setTime(event.target.value)} /></div>
    <ul className="people">{rows.map(({ lane, start, why }) => {
      const may = start !== null && why?.rule !== 'absent' && !locked;
      return <li key={lane.resource.id}><button disabled={!may} onClick={() => { commands.assign(visit, lane, start!); onClose(); }}>
        <Avatar of={lane.resource} /><span><b>{lane.resource.name}</b><span className="quiet">{t('settings.visits', { n: lane.visits })} · {t('board.util', { percent: Math.round(lane.busy * 100) })}</span></span>
        <span className={why || start === null ? 'warn-ink' : 'ok-ink'}>{why ? misfitWords(why, skills, zone) : start === null ? t('visit.noGap') : `${t('visit.fits')} · ${clock(start, zone)}`}</span>
      </button></li>;
    })}</ul>
  </Dialog>;
}
