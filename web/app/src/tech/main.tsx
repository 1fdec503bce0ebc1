// The phone's entry: /tech.
import { createRoot } from 'react-dom/client';
import { sessionLost } from '../api/client';
import { loadLanguage, preferredLanguage } from '../i18n';
import '../ui/tokens.css';
import '../ui/base.css';
import '../ui/parts.css';
import './tech.css';
import { App } from './App';
import { register, start, tech } from './state';

await loadLanguage(preferredLanguage());
sessionLost.addEventListener('lost', () => { if (tech().session === 'in') void start(); });
createRoot(document.getElementById('app')!).render(<App />);
void start();
void register();
