// Places that an address may mean, to choose from: a list with letters, and the same letters as pins on the map beside it.
import type { Address } from '../api/types';
import { say, t } from '../i18n';
import { Icon } from '../ui/icons';
import type { Pin } from './data';

/** A, B, C… in the order of the search, best first. */
export const letterOf = (at: number) => String.fromCharCode(65 + at);

const prefix = 'candidate ';

/** The candidates as pins of a map; the one that is chosen stands under the pin that can be dragged. */
export const candidatePins = (candidates: readonly Address[]): Pin[] =>
  candidates.map((one, i) => ({ id: prefix + i, point: one.point, text: letterOf(i), look: 'site', weight: -i }));

/** Which candidate a pin stands for, or null. */
export const candidateOf = <T,>(candidates: readonly T[], pin: string | null): T | null => pin?.startsWith(prefix) ? candidates[Number(pin.slice(prefix.length))] ?? null : null;

interface Props {
  candidates: readonly Address[];
  /** Why there is something to choose. */
  note: string;
  /** Where the pin is now, to mark the one it stands on. */
  at: readonly [number, number] | null;
  hovered: string | null;
  onHover: (pin: string | null) => void;
  onChoose: (one: Address) => void;
}

export function Candidates({ candidates, note, at, hovered, onHover, onChoose }: Props) {
  const chosen = candidates.findIndex(one => at && one.point[0] === at[0] && one.point[1] === at[1]);
  return <section className="candidates" aria-label={t('candidates.title')}>
    <p role="status"><Icon name="warn" size={16} />{chosen >= 0 ? t('candidates.taken', { letter: letterOf(chosen) }) : note}</p>
    <ul>{candidates.map((one, i) => <li key={one.label + one.point.join()}>
      <button type="button" aria-pressed={i === chosen} data-light={hovered === prefix + i || undefined} onPointerEnter={() => onHover(prefix + i)} onPointerLeave={() => onHover(null)} onFocus={() => onHover(prefix + i)} onBlur={() => onHover(null)} onClick={() => onChoose(one)}>
        <span className="site-number">{letterOf(i)}</span>
        <span><b>{one.label}</b><span className="quiet">{[say(`foundAs.${one.kind}`, ''), one.tie ? t('candidates.tie') : ''].filter(Boolean).join(' · ')}</span></span>
      </button></li>)}</ul>
  </section>;
}
