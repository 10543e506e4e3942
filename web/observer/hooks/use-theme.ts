import { useEffect, useState } from 'react';

export type Theme = 'system' | 'dark' | 'light';

const KEY = 'strowger.observer.theme';
const themes: readonly Theme[] = ['system', 'dark', 'light'];

/** The theme and what sets it: kept in this browser, on the root as `data-theme`. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(
    () => themes.find(known => known === localStorage.getItem(KEY)) ?? 'system',
  );
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    localStorage.setItem(KEY, theme);
  }, [theme]);
  return [theme, setTheme];
}
