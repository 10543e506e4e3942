import { useEffect, useRef, useState } from 'react';
import { replaced } from '../../model/tree.ts';

/** How long a restart is shown. */
const SHOWN_MS = 10_000;

/** The entries whose process was replaced a moment ago: restarted. */
export function useReplaced(pids: ReadonlyMap<string, number | null>): ReadonlySet<string> {
  const before = useRef(new Map<string, number | null>());
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  const [shown, setShown] = useState<ReadonlySet<string>>(new Set());

  useEffect(() => {
    const ids = replaced(before.current, pids);
    // Who restarts is nobody for a moment: what was known last counts, as long as the entry is there.
    before.current = new Map(
      [...pids].map(([id, pid]) => [id, pid ?? before.current.get(id) ?? null]),
    );
    if (ids.length === 0) return;
    setShown(old => new Set([...old, ...ids]));
    for (const id of ids) {
      clearTimeout(timers.current.get(id));
      const end = (): void => {
        timers.current.delete(id);
        setShown(old => new Set([...old].filter(other => other !== id)));
      };
      timers.current.set(id, setTimeout(end, SHOWN_MS));
    }
  });

  useEffect(() => {
    const all = timers.current;
    return () => all.forEach(timer => clearTimeout(timer));
  }, []);
  return shown;
}
