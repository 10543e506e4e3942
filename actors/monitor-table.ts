/**
 * The monitors that a process holds, by ref: a list while there are a few, as nearly always, and a
 * map beyond. Undefined while there is none.
 */
import type { MonitorRef } from './pid.ts';
import type { Dest } from './server-ref.ts';

/** A monitor, as its owner holds it. */
export interface Watching {
  readonly ref: MonitorRef;
  readonly watched: Dest;
  /** Its owner is dead, or has ended it. */
  release(): void;
}

export type MonitorTable = readonly Watching[] | Map<MonitorRef, Watching> | undefined;

const FEW = 4;

/** The table with the monitor in it; the caller stores what is returned. */
export function withMonitor(table: MonitorTable, monitor: Watching): MonitorTable {
  if (table === undefined) return [monitor];
  if (table instanceof Map) return table.set(monitor.ref, monitor);
  if (table.length < FEW) return table.concat([monitor]);
  return new Map([...table, monitor].map(each => [each.ref, each]));
}

/** The table without the monitor; the caller stores what is returned. */
export function withoutMonitor(table: MonitorTable, ref: MonitorRef): MonitorTable {
  if (table instanceof Map) {
    table.delete(ref);
    return table;
  }
  if (monitorIn(table, ref) === undefined) return table;
  return table?.length === 1 ? undefined : table?.filter(each => each.ref !== ref);
}

export function monitorIn(table: MonitorTable, ref: MonitorRef): Watching | undefined {
  return table instanceof Map ? table.get(ref) : table?.find(each => each.ref === ref);
}

export function monitorCount(table: MonitorTable): number {
  return table instanceof Map ? table.size : (table?.length ?? 0);
}

/** The same as {@link monitorsOf}, without a list of them. */
export function monitorMembers(table: MonitorTable): Iterable<Watching> {
  return table instanceof Map ? table.values() : (table ?? []);
}

/** All of them, in the order in which they were made. */
export function monitorsOf(table: MonitorTable): readonly Watching[] {
  return table instanceof Map ? [...table.values()] : (table ?? []);
}
