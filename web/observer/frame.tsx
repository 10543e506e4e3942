import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { Link as RouteLink, Router, useLocation } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { overviewAt } from './api/addresses.ts';
import type { Link } from './api/api.ts';
import icon from './icon.svg';
import { usePolled } from './hooks/use-polled.ts';
import { useShortcuts } from './hooks/use-shortcuts.ts';
import { useTheme, type Theme } from './hooks/use-theme.ts';
import { Help } from './parts/help.tsx';
import { Views, places } from './views.tsx';

/** What stands around every view: navigation, how things stand with the server, theme, help. */
export function Frame({ link }: { readonly link: Link }) {
  return (
    <Router hook={useHashPath} hrefs={href => `#${href}`}>
      <Framed link={link} />
    </Router>
  );
}

/** No view has a query: what follows a `?` in an address is left out of it. */
function useHashPath(): ReturnType<typeof useHashLocation> {
  const [location, navigate] = useHashLocation();
  return [location.replace(/\?.*$/, ''), navigate];
}

function Framed({ link }: { readonly link: Link }) {
  const [helping, setHelping] = useState(false);
  const [theme, setTheme] = useTheme();
  const [location] = useLocation();
  const page = useRef<HTMLElement>(null);
  useShortcuts(useCallback(() => setHelping(true), []));
  useTitle(location);
  useFocusKept(location, page);
  const views = useRef<HTMLElement>(null);
  // On a phone they are one line that is wider than the window.
  useEffect(() => {
    const current = views.current?.querySelector('[aria-current]');
    current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [location]);

  return (
    <div className="frame">
      <button type="button" className="skip" onClick={() => page.current?.focus()}>
        Skip to the page
      </button>
      <div className="side">
        <div className="brand">
          <img src={icon} alt="" width="30" height="30" />
          <span>
            Strowger <small>observer</small>
          </span>
        </div>
        <nav aria-label="Views" ref={views}>
          <ul>
            {places.map(({ path, name }) => (
              <li key={path}>
                <RouteLink href={path} aria-current={isAt(path, location) ? 'page' : undefined}>
                  {name}
                </RouteLink>
              </li>
            ))}
          </ul>
        </nav>
        <div className="tools">
          <p className="link-state" data-state={link} role="status">
            <i aria-hidden="true" />
            <span>{linkText[link]}</span>
          </p>
          <label>
            <span className="unseen">Theme</span>
            <select value={theme} onChange={event => setTheme(event.target.value as Theme)}>
              <option value="system">System</option>
              <option value="dark">Dark</option>
              <option value="light">Light</option>
            </select>
          </label>
          <button type="button" onClick={() => setHelping(true)} aria-label="Keys and help">
            ?
          </button>
        </div>
      </div>
      <main className="page" ref={page} tabIndex={-1}>
        {link === 'away' && (
          <p className="banner" role="alert">
            The server does not answer. The page keeps asking, and goes on by itself when it is
            back; what you see is what was known last.
          </p>
        )}
        {link === 'off' ? <Off /> : <Views />}
      </main>
      {helping && <Help onClose={() => setHelping(false)} />}
    </div>
  );
}

const linkText: Readonly<Record<Link, string>> = {
  asking: 'asking the server',
  here: 'connected',
  away: 'server away',
  refused: 'not admitted',
  off: 'observer is off',
};

/** Goes on asking: the server may be started anew with it. */
function Off() {
  usePolled(overviewAt);
  return (
    <p className="banner note" role="alert">
      This server’s observer is off. It is on when the server listens on this machine only, or when
      it is started with --observer.
    </p>
  );
}

/** A process's page belongs to the list of processes. */
const isAt = (path: string, location: string): boolean =>
  path === '/' ? location === '/' : location.startsWith(path.replace(/s$/, ''));

/** Whoever followed a link of a view that is gone goes on at the heading of the next one, not at the top of the page. */
function useFocusKept(location: string, page: RefObject<HTMLElement>): void {
  const before = useRef(location);
  useEffect(() => {
    if (before.current === location) return;
    before.current = location;
    if (document.activeElement === document.body) page.current?.querySelector('h1')?.focus();
  }, [location, page]);
}

function useTitle(location: string): void {
  useEffect(() => {
    const place = places.find(({ path }) => isAt(path, location));
    document.title = `${place?.name ?? 'Observer'} · Strowger observer`;
  }, [location]);
}
