import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../api/api.ts';
import type { Address } from '../api/addresses.ts';
import { useSession } from './use-session.ts';

/**
 * What the server says at each of these addresses, asked once a second while they are among them. What was said at those
 * that have left is kept, until `limit` answers are: who scrolls back finds it.
 */
export function usePolledAll<T>(
  addresses: readonly Address<T>[],
  limit: number,
): ReadonlyMap<Address<T>, T> {
  const { poller } = useSession();
  const [known, setKnown] = useState<ReadonlyMap<Address<T>, T>>(new Map());
  const asked = useRef(new Map<Address<T>, () => void>());

  useEffect(() => {
    const wanted = new Set(addresses);
    for (const address of wanted) {
      if (asked.current.has(address)) continue;
      const listener = (): void => {
        const { data, error } = poller.read(address);
        setKnown(old => changed(old, address, data as T | undefined, error, limit));
      };
      asked.current.set(address, poller.subscribe(address, listener));
    }
    for (const [address, end] of asked.current) {
      if (wanted.has(address)) continue;
      asked.current.delete(address);
      end();
    }
  }, [poller, addresses, limit]);

  useEffect(() => {
    const all = asked.current;
    return () => {
      for (const end of all.values()) end();
      all.clear();
    };
  }, [poller]);

  return known;
}

function changed<T>(
  old: ReadonlyMap<Address<T>, T>,
  address: Address<T>,
  data: T | undefined,
  error: Error | undefined,
  limit: number,
): ReadonlyMap<Address<T>, T> {
  const gone = error instanceof ApiError && error.status === 404;
  if (!gone && (data === undefined || old.get(address) === data)) return old;
  const map = new Map(old);
  map.delete(address);
  if (!gone && data !== undefined) map.set(address, data);
  // A map keeps the order in which entries came: the first one was said longest ago.
  for (const oldest of map.keys()) {
    if (map.size <= limit) break;
    map.delete(oldest);
  }
  return map;
}
