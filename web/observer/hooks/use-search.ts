import { useEffect, useState } from 'react';

/** Not every letter is a question to the server. */
const SETTLES_MS = 200;

export interface SearchState {
  /** What stands in the field. */
  readonly text: string;
  readonly setText: (text: string) => void;
  /** What is asked for, a moment after the last letter. */
  readonly q: string;
  readonly offset: number;
  readonly setOffset: (offset: number) => void;
}

/** A search field and the page that is looked at: another search begins with its first page. */
export function useSearch(): SearchState {
  const [text, setText] = useState('');
  const [{ q, offset }, ask] = useState({ q: '', offset: 0 });
  useEffect(() => {
    const timer = setTimeout(() => {
      const next = text.trim();
      ask(old => (old.q === next ? old : { q: next, offset: 0 }));
    }, SETTLES_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const setOffset = (to: number): void => ask(old => ({ ...old, offset: to }));
  return { text, setText, q, offset, setOffset };
}
