/** What is said to and by a shard's store process. */
import { serverName, type Pid, type Request } from '../../actors/index.ts';
import type { TableRowsAnswer, TableView } from '../../protocol/observer.ts';
import type { Command, CommandKind, OutcomeOf } from '../../storage/shard/contract.ts';

export type Outcome = OutcomeOf<CommandKind>;

/** From a {@link StorePort}: commands to be committed together with whatever else has arrived. */
export interface Batch {
  readonly kind: 'batch';
  readonly from: Pid;
  /** The sender's number for it; comes back in the answer. */
  readonly tag: number;
  readonly commands: readonly Command[];
}

export type BatchAnswer =
  | { readonly kind: 'batch_done'; readonly tag: number; readonly outcomes: readonly Outcome[] }
  /** Nothing of it was done: the disk is full. */
  | { readonly kind: 'batch_failed'; readonly tag: number };

/** One command by `call`, for those who are in no hurry. `disk_full` instead of an outcome when there is no room. */
export type StoreCall =
  | Request<'execute', { readonly command: Command }, { readonly outcome: Outcome } | 'disk_full'>
  | Request<'full', object, boolean>
  /** Commits nothing until `release`, at most for so long. What arrives waits. */
  | Request<'hold', { readonly withinMs: number }, true>
  /** Whether it was still held. */
  | Request<'release', object, boolean>
  /** Which tables it has; none where they cannot be looked at. */
  | Request<'tables', object, readonly TableView[]>
  /** Some records of one of them; undefined when there is no such table, a sentence when `after` is none of its own. */
  | Request<
      'table_rows',
      { readonly table: string; readonly after: string | undefined; readonly limit: number },
      TableRowsAnswer | string | undefined
    >
  /** Copies the file; a store that is not held goes on committing. */
  | Request<'backup', { readonly file: string }, 'ok' | { readonly error: string }>;

export const storeName = (shard: number) => serverName<StoreCall>(`store.${shard}`);
