// The organisation, its roles, types of visits, webhooks, how long things are kept, and who did what.
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call, get, patch, post } from '../../api/client';
import type { Me, Page, TimelineEvent } from '../../api/types';
import { language, number, say, t } from '../../i18n';
import { duration, longDay, moment, shortDay } from '../../i18n/format';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Empty, Failed, Skeleton } from '../../ui/states';
import { toast, toastProblem } from '../../ui/toast';
import { items, useSkills } from '../queries';
import { FormDialog } from './FormDialog';

const lines = (text: unknown) => String(text ?? '').split(/[\n,]/).map(line => line.trim()).filter(Boolean);

interface Organisation { name: string; zone: string; currency: string; language: string; languages: string[]; calendar: { working_days: number[]; opens: string; closes: string; holidays: { on: string; name: string }[] }; version: number }

export function OrganisationPage({ me }: { me: Me }) {
  const queries = useQueryClient();
  const organisation = useQuery({ queryKey: ['organisation'], queryFn: () => get<Organisation>('/organisation') });
  const [open, setOpen] = useState<'facts' | 'calendar' | 'holiday' | null>(null);
  const may = me.rights.includes('organisation.write');
  if (organisation.isPending) return <Skeleton lines={8} />;
  if (organisation.error) return <Failed problem={organisation.error} retry={() => void organisation.refetch()} />;
  const one = organisation.data, map = me.map;
  const change = async (body: Record<string, unknown>) => { await patch('/organisation', one.version, body); await Promise.all([queries.invalidateQueries({ queryKey: ['organisation'] }), queries.invalidateQueries({ queryKey: ['me'] })]); };
  const days = [1, 2, 3, 4, 5, 6, 7].map(day => [String(day), new Intl.DateTimeFormat(language(), { weekday: 'long', timeZone: 'UTC' }).format(new Date(Date.UTC(2026, 10, 22 + day)))] as [string, string]);
  return <><section><h2 className="head-with">{t('settings.organisation')}{may && <button className="button" onClick={() => setOpen('facts')}>{t('records.edit')}</button>}</h2>
    <dl className="facts wide"><dt>{t('settings.name')}</dt><dd>{one.name}</dd><dt>{t('settings.zone')}</dt><dd>{one.zone}</dd><dt>{t('settings.currency')}</dt><dd>{one.currency}</dd><dt>{t('settings.language')}</dt><dd>{one.language === 'de' ? 'Deutsch' : 'English'}</dd>
      <dt>{t('settings.map')}</dt><dd>{map.source === 'town' ? t('settings.mapTown', { name: map.name }) : map.name}{map.attribution && <><br /><span className="quiet">{map.attribution}</span></>}</dd><dt>{t('settings.nextDay')}</dt><dd><Link href={`/day/${me.day}`}>{longDay(me.day)}</Link></dd></dl></section>
    <section className="settings-section"><h2 className="head-with">{t('organisation.calendar')}{may && <button className="button" onClick={() => setOpen('calendar')}>{t('records.edit')}</button>}</h2>
      <dl className="facts wide"><dt>{t('organisation.days')}</dt><dd>{days.filter(([day]) => one.calendar.working_days.includes(Number(day))).map(([, name]) => name).join(', ')}</dd><dt>{t('organisation.hours')}</dt><dd>{one.calendar.opens} – {one.calendar.closes}</dd></dl></section>
    <section className="settings-section"><h2 className="head-with">{t('organisation.holidays')}{may && <button className="button" onClick={() => setOpen('holiday')}><Icon name="plus" size={16} />{t('organisation.addHoliday')}</button>}</h2>
      {one.calendar.holidays.length === 0 ? <p className="quiet">{t('organisation.noHolidays')}</p> : <ul className="lines">{one.calendar.holidays.map(holiday => <li key={holiday.on}><div><b>{holiday.name}</b><p className="quiet">{shortDay(holiday.on)} {holiday.on.slice(0, 4)}</p></div>{may && <button className="link" aria-label={t('organisation.removeHoliday', { name: holiday.name })} onClick={() => { change({ calendar: { ...one.calendar, holidays: one.calendar.holidays.filter(each => each.on !== holiday.on) } }).catch(toastProblem); }}>✕</button>}</li>)}</ul>}</section>
    {open === 'facts' && <FormDialog title={t('settings.organisation')} onClose={() => setOpen(null)} values={{ name: one.name, zone: one.zone, currency: one.currency, language: one.language }} fields={[{ name: 'name', label: t('settings.name'), required: true }, { name: 'zone', label: t('settings.zone'), kind: 'select', required: true, options: [...new Set([one.zone, ...Intl.supportedValuesOf('timeZone')])].map(zone => [zone, zone]) }, { name: 'currency', label: t('settings.currency'), required: true }, { name: 'language', label: t('settings.language'), kind: 'select', required: true, options: [['en', 'English'], ['de', 'Deutsch']] }]} done={values => change({ ...values, currency: String(values.currency).toUpperCase() })} />}
    {open === 'calendar' && <FormDialog title={t('organisation.calendar')} onClose={() => setOpen(null)} values={{ working_days: one.calendar.working_days.map(String), opens: one.calendar.opens, closes: one.calendar.closes }} fields={[{ name: 'working_days', label: t('organisation.days'), kind: 'many', options: days }, { name: 'opens', label: t('people.from'), kind: 'time', required: true }, { name: 'closes', label: t('people.to'), kind: 'time', required: true }]} done={values => change({ calendar: { ...one.calendar, working_days: (values.working_days as string[]).map(Number).sort(), opens: values.opens, closes: values.closes } })} />}
    {open === 'holiday' && <FormDialog title={t('organisation.addHoliday')} onClose={() => setOpen(null)} fields={[{ name: 'on', label: t('add.date'), kind: 'date', required: true }, { name: 'name', label: t('settings.name'), required: true }]} done={values => change({ calendar: { ...one.calendar, holidays: [...one.calendar.holidays, { on: values.on, name: values.name }] } })} />}
  </>;
}

interface Role { code: string; title: string; scope: string; rights: string[]; members: number; built_in: boolean; fixed: boolean; version: number }

export function RoleList({ me }: { me: Me }) {
  const queries = useQueryClient();
  const roles = useQuery({ queryKey: ['roles'], queryFn: async () => items(await get<Page<Role>>('/roles', { limit: 500 })) });
  const [open, setOpen] = useState<Role | 'new' | null>(null);
  const may = me.rights.includes('staff.write') && me.rights.includes('organisation.write');
  if (roles.isPending) return <Skeleton lines={8} />;
  if (roles.error) return <Failed problem={roles.error} retry={() => void roles.refetch()} />;
  const fresh = () => queries.invalidateQueries({ queryKey: ['roles'] });
  const rights = me.rights.map(right => [right, rightText(right)] as [string, string]);
  const scopes: [string, string][] = [['all', t('roles.all')], ['teams', t('roles.teams')], ['own', t('roles.own')]];
  return <>{may && <p className="row settings-tools"><button className="button" data-look="primary" onClick={() => setOpen('new')}><Icon name="plus" size={16} />{t('roles.add')}</button></p>}
    <table className="table"><thead><tr><th scope="col">{t('settings.role')}</th><th scope="col">{t('roles.sees')}</th><th scope="col">{t('roles.rights')}</th><th scope="col" className="number">{t('roles.members')}</th><th /></tr></thead>
      <tbody>{roles.data.map(role => <tr key={role.code}><th scope="row">{role.built_in ? say(`role.${role.code}`, role.title) : role.title}</th><td>{scopes.find(([scope]) => scope === role.scope)?.[1]}</td><td className="quiet">{t('roles.count', { n: role.rights.length })}</td><td className="number">{number(role.members)}</td><td className="number">{may && !role.fixed && <button className="link" onClick={() => setOpen(role)}>{t('records.edit')}</button>}{may && !role.built_in && role.members === 0 && <button className="link" onClick={() => { call('DELETE', `/roles/${role.code}`, { version: role.version }).then(() => void fresh(), toastProblem); }}>{t('records.remove')}</button>}</td></tr>)}</tbody></table>
    {open && <FormDialog title={open === 'new' ? t('roles.add') : open.title} onClose={() => setOpen(null)} values={open === 'new' ? { scope: 'own' } : { title: open.title, scope: open.scope, rights: open.rights }} fields={[...(open === 'new' ? [{ name: 'code', label: t('settings.code'), required: true, hint: t('fields.codeHint') }] : []), { name: 'title', label: t('settings.name'), required: true }, { name: 'scope', label: t('roles.sees'), kind: 'select', required: true, options: scopes }, { name: 'rights', label: t('roles.rights'), kind: 'many', options: rights }]}
      done={async values => { if (open === 'new') await post('/roles', values); else await patch(`/roles/${open.code}`, open.version, values); await fresh(); }} />}</>;
}

const rightText = (right: string) => { const [noun = '', verb = ''] = right.split('.'); return `${say(`entity.${noun}`, noun.replaceAll('_', ' '))}: ${say(`right.${verb}`, verb.replaceAll('_', ' '))}`; };

interface VisitType { code: string; names: { en: string; de?: string }; kind: string; duration_seconds: number; skills: string[]; priority: number; active: boolean; version: number }

export function VisitTypeList({ me }: { me: Me }) {
  const queries = useQueryClient();
  const skills = useSkills();
  const types = useQuery({ queryKey: ['visit-types'], queryFn: async () => items(await get<Page<VisitType>>('/visit-types', { limit: 500 })) });
  const [open, setOpen] = useState<VisitType | 'new' | null>(null);
  const may = me.rights.includes('resource.write') || me.rights.includes('organisation.write');
  if (types.isPending) return <Skeleton lines={6} />;
  if (types.error) return <Failed problem={types.error} retry={() => void types.refetch()} />;
  const kinds: [string, string][] = ['service', 'sales', 'campaign'].map(kind => [kind, say(`kind.${kind}`, kind)]);
  return <>{may && <p className="row settings-tools"><button className="button" data-look="primary" onClick={() => setOpen('new')}><Icon name="plus" size={16} />{t('visitTypes.add')}</button></p>}
    {types.data.length === 0 ? <Empty icon="visits" title={t('visitTypes.none')} hint={t('visitTypes.noneHint')} /> : <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('settings.kind')}</th><th scope="col">{t('visit.duration')}</th><th scope="col">{t('visit.skills')}</th><th scope="col" className="number">{t('visit.priority')}</th><th /></tr></thead>
      <tbody>{types.data.map(type => <tr key={type.code}><th scope="row">{type.names[language()] || type.names.en}{!type.active && <> <span className="chip">{t('settings.inactive')}</span></>}</th><td>{say(`kind.${type.kind}`, type.kind)}</td><td>{duration(type.duration_seconds)}</td><td>{type.skills.join(', ')}</td><td className="number">{type.priority}</td><td className="number">{may && <button className="link" onClick={() => setOpen(type)}>{t('records.edit')}</button>}</td></tr>)}</tbody></table>}
    {open && <FormDialog title={open === 'new' ? t('visitTypes.add') : open.names.en} onClose={() => setOpen(null)} values={open === 'new' ? { kind: 'service', minutes: '60', priority: '0', active: true } : { en: open.names.en, de: open.names.de ?? '', kind: open.kind, minutes: String(open.duration_seconds / 60), skills: open.skills, priority: String(open.priority), active: open.active }} fields={[...(open === 'new' ? [{ name: 'code', label: t('settings.code'), required: true, hint: t('fields.codeHint') }] : []), { name: 'en', label: t('fields.nameEn'), required: true }, { name: 'de', label: t('fields.nameDe') }, { name: 'kind', label: t('settings.kind'), kind: 'select', required: true, options: kinds }, { name: 'minutes', label: t('visitTypes.minutes'), kind: 'number', required: true }, { name: 'priority', label: t('visit.priority'), kind: 'number' }, { name: 'skills', label: t('visit.skills'), kind: 'many', options: (skills.data ?? []).map(one => [one.code, one.name ?? one.code]) }, { name: 'active', label: t('visitTypes.active'), kind: 'check' }]}
      done={async values => { const body = { names: { en: values.en, de: values.de || values.en }, kind: values.kind, duration_seconds: Math.round(Number(values.minutes) * 60), skills: values.skills, priority: Number(values.priority || 0), active: values.active }; if (open === 'new') await post('/visit-types', { code: values.code, ...body }); else await patch(`/visit-types/${open.code}`, open.version, body); await queries.invalidateQueries({ queryKey: ['visit-types'] }); }} />}</>;
}

interface Webhook { id: string; title: string; url: string; events: string[]; active: boolean; paused_because: string; queued: number; dead: number; failures_in_a_row: number; version: number; secret?: string }
interface Message { id: string; type: string; state: string; attempts: number; status: number | null; error: string; created_at: string; next_at: string | null }

export function WebhookList({ me }: { me: Me }) {
  const queries = useQueryClient();
  const hooks = useQuery({ queryKey: ['webhooks'], queryFn: async () => items(await get<Page<Webhook>>('/webhooks', { limit: 500 })) });
  const [open, setOpen] = useState<Webhook | 'new' | null>(null);
  const [secret, setSecret] = useState('');
  const [shown, setShown] = useState<Webhook | null>(null);
  if (hooks.isPending) return <Skeleton lines={6} />;
  if (hooks.error) return <Failed problem={hooks.error} retry={() => void hooks.refetch()} />;
  const fresh = () => queries.invalidateQueries({ queryKey: ['webhooks'] });
  return <><p className="row settings-tools"><button className="button" data-look="primary" onClick={() => setOpen('new')}><Icon name="plus" size={16} />{t('webhooks.add')}</button></p>
    {hooks.data.length === 0 ? <Empty icon="bolt" title={t('webhooks.none')} hint={t('webhooks.noneHint')} /> : <table className="table"><thead><tr><th scope="col">{t('settings.name')}</th><th scope="col">{t('webhooks.address')}</th><th scope="col">{t('webhooks.events')}</th><th scope="col">{t('settings.state')}</th><th scope="col" className="number">{t('webhooks.queue')}</th><th /></tr></thead>
      <tbody>{hooks.data.map(hook => <tr key={hook.id}><th scope="row">{hook.title}</th><td className="quiet ellipsis">{hook.url}</td><td>{hook.events.join(', ')}</td><td>{hook.active ? <span className="chip" data-tone={hook.failures_in_a_row ? 'warn' : 'ok'}>{hook.failures_in_a_row ? t('webhooks.failing', { n: hook.failures_in_a_row }) : t('settings.active')}</span> : <span className="chip" title={hook.paused_because}>{t('settings.inactive')}</span>}</td><td className="number">{number(hook.queued)}{hook.dead > 0 && <span className="warn-ink"> / {number(hook.dead)}</span>}</td>
        <td className="number"><button className="link" onClick={() => setOpen(hook)}>{t('records.edit')}</button><button className="link" onClick={() => setShown(hook)}>{t('webhooks.messages')}</button><button className="link" onClick={() => { post(`/webhooks/${hook.id}/test`).then(() => { toast(t('webhooks.tested')); void fresh(); }, toastProblem); }}>{t('webhooks.test')}</button><button className="link" onClick={() => { call('DELETE', `/webhooks/${hook.id}`, { version: hook.version }).then(() => void fresh(), toastProblem); }}>{t('records.remove')}</button></td></tr>)}</tbody></table>}
    {open && <FormDialog title={open === 'new' ? t('webhooks.add') : open.title} onClose={() => setOpen(null)} values={open === 'new' ? { events: '*', active: true } : { title: open.title, url: open.url, events: open.events.join('\n'), active: open.active }} fields={[{ name: 'title', label: t('settings.name'), required: true }, { name: 'url', label: t('webhooks.address'), required: true }, { name: 'events', label: t('webhooks.events'), kind: 'long', required: true, hint: t('webhooks.eventsHint') }, ...(open === 'new' ? [] : [{ name: 'active', label: t('settings.active'), kind: 'check' as const }])]}
      done={async values => { const body = { title: values.title, url: values.url, events: lines(values.events) }; if (open === 'new') { const made = await post<Webhook>('/webhooks', body); setSecret(made.secret ?? ''); } else await patch(`/webhooks/${open.id}`, open.version, { ...body, active: values.active }); await fresh(); }} />}
    {secret && <Dialog title={t('webhooks.secret')} onClose={() => setSecret('')}><p>{t('webhooks.secretHint')}</p><p><code className="secret">{secret}</code></p></Dialog>}
    {shown && <Messages me={me} hook={shown} onClose={() => setShown(null)} />}</>;
}

function Messages({ me, hook, onClose }: { me: Me; hook: Webhook; onClose: () => void }) {
  const list = useQuery({ queryKey: ['webhook-messages', hook.id], queryFn: async () => items(await get<Page<Message>>(`/webhooks/${hook.id}/messages`, { limit: 100 })), refetchInterval: 5000 });
  return <Dialog wide title={`${hook.title}: ${t('webhooks.messages')}`} onClose={onClose}>{list.isPending ? <Skeleton lines={6} /> : (list.data ?? []).length === 0 ? <p className="quiet">{t('webhooks.noMessages')}</p>
    : <table className="table"><thead><tr><th scope="col">{t('changes.when')}</th><th scope="col">{t('webhooks.events')}</th><th scope="col">{t('settings.state')}</th><th scope="col" className="number">{t('webhooks.attempts')}</th><th /></tr></thead><tbody>{list.data!.map(one => <tr key={one.id}><td className="quiet">{moment(one.created_at, me.organisation.zone)}</td><td>{one.type}</td><td><span className="chip" data-tone={one.state === 'sent' ? 'ok' : one.state === 'dead' ? 'danger' : undefined}>{say(`message.${one.state}`, one.state)}</span> <span className="quiet">{one.status ?? ''} {one.error}</span></td><td className="number">{one.attempts}</td><td>{one.state !== 'queued' && <button className="link" onClick={() => { post(`/webhooks/${hook.id}/messages/${one.id}/replay`).then(() => void list.refetch(), toastProblem); }}>{t('webhooks.replay')}</button>}</td></tr>)}</tbody></table>}</Dialog>;
}

interface Policy { code: string; title: string; days: number; default: number; least: number; most: number; version: number }

export function PolicyList() {
  const queries = useQueryClient();
  const policies = useQuery({ queryKey: ['policies'], queryFn: async () => items(await get<Page<Policy>>('/policies', { limit: 500 })) });
  const [open, setOpen] = useState<Policy | null>(null);
  if (policies.isPending) return <Skeleton lines={6} />;
  if (policies.error) return <Failed problem={policies.error} retry={() => void policies.refetch()} />;
  return <><table className="table"><thead><tr><th scope="col">{t('policies.what')}</th><th scope="col" className="number">{t('policies.days')}</th><th /></tr></thead><tbody>{policies.data.map(one => <tr key={one.code}><th scope="row">{say(`policy.${one.code}`, one.title)}</th><td className="number">{number(one.days)}</td><td className="number"><button className="link" onClick={() => setOpen(one)}>{t('records.edit')}</button></td></tr>)}</tbody></table>
    {open && <FormDialog title={say(`policy.${open.code}`, open.title)} onClose={() => setOpen(null)} values={{ days: String(open.days) }} fields={[{ name: 'days', label: t('policies.days'), kind: 'number', required: true, hint: `${open.least} – ${open.most}` }]} done={async values => { await patch(`/policies/${open.code}`, open.version, { days: Number(values.days) }); await queries.invalidateQueries({ queryKey: ['policies'] }); }} />}</>;
}

export function AuditList({ me }: { me: Me }) {
  const [kind, setKind] = useState('');
  const [checked, setChecked] = useState<string | null>(null);
  const list = useInfiniteQuery({ queryKey: ['audit', kind], initialPageParam: '', queryFn: ({ pageParam, signal }) => get<Page<TimelineEvent>>('/audit', { kind: kind || undefined, limit: 100, cursor: pageParam || undefined }, signal), getNextPageParam: last => last.next || undefined });
  const rows = list.data?.pages.flatMap(page => page.items ?? []) ?? [];
  async function verify() {
    setChecked(t('audit.checking'));
    try {
      let total = 0, cursor: string | undefined, faults = 0;
      do { const part = await get<{ checked: number; faults: unknown[]; next?: string }>('/audit/verify', { cursor }); total = part.checked; faults += part.faults.length; cursor = part.next; } while (cursor);
      setChecked(faults ? t('audit.broken', { n: faults }) : t('audit.sound', { n: total }));
    } catch (problem) { setChecked(null); toastProblem(problem); }
  }
  return <><p className="row settings-tools"><label className="mini">{t('fields.of')}<select value={kind} onChange={event => setKind(event.target.value)}><option value="">{t('view.all')}</option>{['account', 'contact', 'lead', 'deal', 'order', 'case', 'installation', 'contract', 'activity', 'visit', 'plan', 'staff', 'role', 'organisation'].map(one => <option key={one} value={one}>{say(`entity.${one}`, one)}</option>)}</select></label><button className="button" onClick={() => void verify()}>{t('audit.verify')}</button>{checked && <span role="status" className="quiet">{checked}</span>}</p>
    {list.isPending ? <Skeleton lines={10} /> : list.error ? <Failed problem={list.error} retry={() => void list.refetch()} /> : rows.length === 0 ? <Empty icon="list" title={t('records.none')} />
      : <><table className="table"><thead><tr><th scope="col">{t('changes.when')}</th><th scope="col">{t('changes.who')}</th><th scope="col">{t('changes.what')}</th><th scope="col">{t('audit.fields')}</th></tr></thead><tbody>{rows.map(row => <tr key={row.seq}><td className="quiet">{moment(row.at, me.organisation.zone)}</td><td>{row.actor?.name}</td><td>{say(`entity.${row.entity_kind}`, row.entity_kind.replaceAll('_', ' '))} {say(`verb.${row.verb}`, row.verb.replaceAll('_', ' '))}</td><td className="quiet ellipsis">{Object.keys(row.changes ?? {}).map(field => say(`field.${field}`, field.replaceAll('_', ' '))).join(', ')}</td></tr>)}</tbody></table>{list.hasNextPage && <button className="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('records.showAll')}</button>}</>}</>;
}
