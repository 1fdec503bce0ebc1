// A lead becomes an account, with contact, site and, if one wants, a deal.
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { post, Problem } from '../../api/client';
import type { Me } from '../../api/types';
import { t } from '../../i18n';
import { Dialog } from '../../ui/Dialog';
import { Field } from '../../ui/Field';
import { problemText } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { undoSet, type ChangeSet } from './BulkDialog';
import { decimal, type Row } from './kinds';
import { RefInput } from './RefInput';

export function ConvertDialog({ me, lead, onClose }: { me: Me; lead: Row; onClose: () => void }) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const mayDeal = me.rights.includes('deal.write');
  const [account, setAccount] = useState<string | null>(null);
  const [deal, setDeal] = useState(mayDeal ? String(lead.interest ?? '') : '');
  const [amount, setAmount] = useState('');
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  async function convert() {
    const sum = amount.trim() ? decimal(amount) : null;
    if (sum === undefined) { setWrong(t('records.unreadable')); return; }
    setBusy(true);
    try {
      const made = await post<{ account_id: string; deal_id: string | null; change_set: ChangeSet }>(`/leads/${lead.id}/convert`, { ...(account ? { account_id: account } : {}), ...(deal.trim() ? { deal: deal.trim(), ...(sum !== null ? { amount: Math.round(sum * 100) } : {}) } : {}) }, { version: lead.version });
      void queries.invalidateQueries();
      onClose();
      navigate(`/accounts/${made.account_id}`);
      toast(t('leads.converted', { name: String(lead.name) }), { undo: () => { undoSet(made.change_set.id).then(() => { void queries.invalidateQueries(); navigate(`/leads/${lead.id}`); }, toastProblem); } });
    } catch (problem) { setBusy(false); setWrong(problem instanceof Problem && problem.detail ? problem.detail : problemText(problem).title); }
  }
  return <Dialog title={t('leads.convertTitle', { name: String(lead.name) })} onClose={onClose} footer={<><button className="button" onClick={onClose}>{t('common.cancel')}</button><button className="button" data-look="primary" disabled={busy} onClick={() => void convert()}>{t('leads.convert')}</button></>}>
    <p className="quiet">{t('leads.convertHint')}</p>
    <RefInput field={{ name: 'account_id', type: 'ref', ref: 'account', label: { en: t('leads.existing'), de: t('leads.existing') } }} label="" onChange={id => setAccount(id)} />
    {mayDeal && <><Field label={t('leads.deal')} optional>{given => <input {...given} className="input" value={deal} maxLength={300} onChange={event => setDeal(event.target.value)} />}</Field>
      {deal.trim() && <Field label={t('leads.amount')} optional>{given => <input {...given} className="input" inputMode="decimal" value={amount} onChange={event => setAmount(event.target.value)} />}</Field>}</>}
    {wrong && <p className="banner" data-tone="danger" role="alert">{wrong}</p>}
  </Dialog>;
}
