import { useCallback, useState, useSyncExternalStore } from 'react';
import type { Polled } from '../../model/poller.ts';
import type { Address } from '../api/addresses.ts';
import { useSession } from './use-session.ts';

/**
 * What the server says at the address, asked once a second while the component is on the page. When the address changes
 * (another page, another order) the old answer stays until the new one is there, so that nothing jumps; give the component a
 * `key` where that would show one thing for another.
 */
export function usePolled<T>(address: Address<T>): Polled<T> {
  const { poller } = useSession();
  const subscribe = useCallback(
    (listener: () => void) => poller.subscribe(address, listener),
    [poller, address],
  );
  const now = useSyncExternalStore(subscribe, () => poller.read(address)) as Polled<T>;
  const [kept, keep] = useState(now.data);
  if (now.data !== undefined && now.data !== kept) keep(now.data);
  return now.data === undefined && kept !== undefined ? { data: kept, error: now.error } : now;
}
