/** The gateway's connections, as an observer lists them. */
import { isolateOf } from '../../actors/index.ts';
import type { SocketRow, SocketSort } from '../../protocol/observer.ts';
import type { Connection } from '../gateway/connection.ts';
import type { ScanPlan } from './scan.ts';
import type { Key } from './top.ts';

const keys: Readonly<Record<SocketSort, (connection: Connection) => Key>> = {
  buffered: connection => connection.bufferedBytes(),
  oldest: ({ id }) => -id,
  newest: ({ id }) => id,
};

/** @param q in small letters; empty: all */
export function socketPlan(
  connections: Iterable<Connection>,
  sort: SocketSort,
  q: string,
  first: number,
): ScanPlan<Connection> {
  return {
    items: connections[Symbol.iterator](),
    matches: ({ device, address }) => q === '' || device.includes(q) || address.includes(q),
    key: keys[sort],
    id: ({ id }) => id,
    first,
  };
}

export function socketRow(connection: Connection): SocketRow {
  const { id, device, address, session } = connection;
  return {
    connection: id,
    device,
    address,
    since: connection.openedAt(),
    bufferedBytes: connection.bufferedBytes(),
    congested: connection.isCongested(),
    session: session ?? null,
    isolate: session === undefined ? null : isolateOf(session),
  };
}
