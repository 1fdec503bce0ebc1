// The office's entry: everything but /tech.
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { loadLanguage, preferredLanguage } from '../i18n';
import '../ui/tokens.css';
import '../ui/base.css';
import '../ui/parts.css';
import './office.css';
import './records/records.css';
import { App } from './App';
import { client } from './queries';

await loadLanguage(preferredLanguage());
createRoot(document.getElementById('app')!).render(<QueryClientProvider client={client}><App /></QueryClientProvider>);
