// A field of a form: its label, and what is wrong with it, told to everyone.
import { useId, type ReactNode } from 'react';
import { t } from '../i18n';

interface Given { id: string; 'aria-invalid': boolean; 'aria-describedby': string | undefined }

export function Field({ label, wrong, optional, children }: { label: string; wrong?: string; optional?: boolean; children: (props: Given) => ReactNode }) {
  const id = useId();
  return <div className="field"><label htmlFor={id}>{label}{optional && <span className="faint"> ({t('common.optional')})</span>}</label>{children({ id, 'aria-invalid': !!wrong, 'aria-describedby': wrong ? `${id}-wrong` : undefined })}{wrong && <span className="wrong" id={`${id}-wrong`}>{wrong}</span>}</div>;
}
