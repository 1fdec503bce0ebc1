// The keys of the office, on one card.
import { t } from '../i18n';
import { Dialog } from '../ui/Dialog';

export function Keys({ onClose }: { onClose: () => void }) {
  const rows: [string, string][] = [['Ctrl K', t('keys.palette')], ['/', t('keys.search')], ['?', t('keys.help')], ['↑ ↓ ← →', t('keys.cells')], ['Enter', t('keys.open')], ['F2', t('keys.edit')], ['Esc', t('keys.leave')], ['Space', t('keys.select')], ['Ctrl V', t('keys.paste')], ['Alt ← →', t('keys.stage')], ['Ctrl Enter', t('keys.send')]];
  return <Dialog title={t('palette.keys')} onClose={onClose}><dl className="facts wide">{rows.map(([key, text]) => <div key={key} className="fact"><dt><kbd>{key}</kbd></dt><dd>{text}</dd></div>)}</dl></Dialog>;
}
