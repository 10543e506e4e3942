/** Writing into a table that somebody subscribed to: the same, and the event with what was there. */
import type { Events } from './events.ts';
import type { KeyPart } from './schema.ts';
import type { AnyKey, TableAccess } from './table-access.ts';

export function watchedWrite(access: TableAccess, record: object, events: Events): void {
  const old = access.readAll(access.keyOf(record));
  // Copied, since the caller may go on using its record before the event is told.
  if (access.write(record)) {
    events.record({ kind: 'write', table: access.table.name, record: { ...record }, old });
  }
}

export function watchedDelete(access: TableAccess, key: AnyKey, events: Events): number {
  const old = access.readAll(key);
  const deleted = access.delete(key);
  if (deleted > 0) events.record({ kind: 'delete', table: access.table.name, key, old });
  return deleted;
}

export function watchedDeleteObject(access: TableAccess, record: object, events: Events): boolean {
  const deleted = access.deleteObject(record);
  if (deleted) {
    events.record({ kind: 'delete_object', table: access.table.name, record: { ...record } });
  }
  return deleted;
}

export function watchedDeleteRange(
  access: TableAccess,
  prefix: AnyKey,
  from: KeyPart | undefined,
  to: KeyPart | undefined,
  events: Events,
): number {
  for (const record of access.within(prefix, from, to)) {
    const key = access.keyOf(record);
    events.record({ kind: 'delete', table: access.table.name, key, old: [record] });
  }
  return access.deleteRange(prefix, from, to);
}
