/** Processes as rows of a list, and how lists of them are searched and sorted. */
import {
  glanceAt,
  glanceAtAll,
  isolateOf,
  type Pid,
  type ProcessGlance,
} from '../../actors/index.ts';
import type {
  ProcessRef,
  ProcessRow,
  ProcessSort,
  ProcessStatus,
} from '../../protocol/observer.ts';
import type { ScanPlan } from './scan.ts';
import type { Key } from './top.ts';

/** A process of any isolate, with what is known of it here: of those of other isolates nothing. */
export function refOf(pid: Pid): ProcessRef {
  const process = glanceAt(pid);
  return {
    pid,
    isolate: isolateOf(pid),
    name: process?.name ?? null,
    label: process?.label ?? null,
  };
}

export function rowOf(process: ProcessGlance): ProcessRow {
  return {
    pid: process.pid,
    isolate: isolateOf(process.pid),
    name: process.name ?? null,
    label: process.label,
    status: statusOf(process),
    queue: process.mailbox.length,
    callbacks: process.callbacks,
    micros: process.handlerMicros,
  };
}

const statusOf = ({ suspended, phase }: ProcessGlance): ProcessStatus =>
  suspended ? 'suspended' : phase;

/** Those that still live. */
export const rowsOf = (pids: readonly Pid[]): ProcessRow[] =>
  pids.flatMap(pid => {
    const process = glanceAt(pid);
    return process === undefined ? [] : [rowOf(process)];
  });

const keys: Readonly<Record<ProcessSort, (process: ProcessGlance) => Key>> = {
  queue: ({ mailbox }) => mailbox.length,
  callbacks: ({ callbacks }) => callbacks,
  time: ({ handlerMicros }) => handlerMicros,
  oldest: ({ pid }) => 0 - pid,
  newest: ({ pid }) => pid,
  // Those without a name come last, by what they are called.
  name: ({ name, label }) => name ?? `\uffff${label}`,
};

/** @param q in small letters; empty: all */
export function findPlan(sort: ProcessSort, q: string, first: number): ScanPlan<ProcessGlance> {
  return {
    items: glanceAtAll(),
    matches: q === '' ? () => true : matcher(q),
    key: keys[sort],
    id: ({ pid }) => pid,
    first,
  };
}

function matcher(q: string): (process: ProcessGlance) => boolean {
  const pid = Number(q);
  return process =>
    (process.name?.toLowerCase().includes(q) ?? false) ||
    process.label.toLowerCase().includes(q) ||
    process.pid === pid;
}
