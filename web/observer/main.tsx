/** The observer's page. See docs/observer.md. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './styles/theme.css';
import './styles/frame.css';
import './styles/parts.css';
import './styles/tree.css';
import './styles/charts.css';

const place = document.getElementById('observer');
if (place === null) throw new Error('index.html has no element with the id observer');
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
