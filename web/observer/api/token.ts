/** The admin token of this tab: kept until the tab is closed, never in the address. */
const KEY = 'strowger.observer.token';

/** What `strowger observe --url` puts behind the address. */
const FRAGMENT = /^#token=([A-Za-z0-9_-]+)$/;

/** Takes the token out of the address, where it came with it, so that it is in no bookmark and in no history. */
export function tokenAtStart(): string | undefined {
  const given = FRAGMENT.exec(location.hash)?.[1];
  if (given === undefined) return sessionStorage.getItem(KEY) ?? undefined;
  history.replaceState(null, '', `${location.pathname}#/`);
  keepToken(given);
  return given;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}
