/**
 * Table events, as `mnesia:subscribe`. They are collected while a transaction runs and told after
 * it was committed, in the order of the changes; what is rolled back is never told.
 */
import type { KeyPart, Table } from './schema.ts';

export interface WriteEvent<R> {
  readonly kind: 'write';
  readonly table: string;
  readonly record: R;
  /** With `detailed`: what had this key before. */
  readonly old?: readonly R[];
}

export interface DeleteEvent<R> {
  readonly kind: 'delete';
  readonly table: string;
  /** One value, or the values of a compound key. */
  readonly key: KeyPart | readonly KeyPart[];
  /** With `detailed`: the deleted records. */
  readonly old?: readonly R[];
}

/** One record of a bag, or exactly this record, was deleted. */
export interface DeleteObjectEvent<R> {
  readonly kind: 'delete_object';
  readonly table: string;
  readonly record: R;
}

export type TableEvent<R> = WriteEvent<R> | DeleteEvent<R> | DeleteObjectEvent<R>;

export interface SchemaEvent {
  readonly kind:
    | 'create_table'
    | 'delete_table'
    | 'add_index'
    | 'del_index'
    | 'transform_table'
    /** All tables were replaced: read again what you keep. */
    | 'restore';
  readonly table: string | undefined;
}

export interface SubscribeOptions {
  /** Also tell the records as they were before. */
  readonly detailed?: boolean;
}

export type Unsubscribe = () => void;

/** Gets what a listener threw. The transaction is committed; other listeners still hear of it. */
export type OnListenerError = (error: unknown, table: string) => void;

type Row = object;
export type AnyEvent = TableEvent<Row> | SchemaEvent;

interface Subscription {
  readonly listener: (event: never) => void;
  readonly detailed: boolean;
}

/** The name under which schema events are kept; no table can have it. */
const SCHEMA = 'mnesia_schema';

export class Events {
  readonly #subscriptions = new Map<string, Set<Subscription>>();
  readonly #onListenerError: OnListenerError;
  /** Of the running transaction. */
  #pending: AnyEvent[] = [];
  /** Committed, to be told. */
  #told: AnyEvent[] = [];
  #telling = false;

  constructor(onListenerError: OnListenerError) {
    this.#onListenerError = onListenerError;
  }

  subscribe<R extends object>(
    table: Table<R> | 'schema',
    listener: (event: never) => void,
    options?: SubscribeOptions,
  ): Unsubscribe {
    const name = table === 'schema' ? SCHEMA : table.name;
    const subscription = { listener, detailed: options?.detailed === true };
    let subscriptions = this.#subscriptions.get(name);
    if (subscriptions === undefined) {
      subscriptions = new Set();
      this.#subscriptions.set(name, subscriptions);
    }
    subscriptions.add(subscription);
    return () => {
      subscriptions.delete(subscription);
      if (subscriptions.size === 0 && this.#subscriptions.get(name) === subscriptions) {
        this.#subscriptions.delete(name);
      }
    };
  }

  /** Whether anybody listens to anything: the hot path asks no more than this. */
  get any(): boolean {
    return this.#subscriptions.size > 0;
  }

  subscribers(table: string): number {
    return this.#subscriptions.get(table)?.size ?? 0;
  }

  record(event: AnyEvent): void {
    this.#pending.push(event);
  }

  /** Where the running transaction stands, for `forget`. */
  mark(): number {
    return this.#pending.length;
  }

  /** After a rollback to that mark. */
  forget(mark: number): void {
    this.#pending.length = mark;
  }

  /** After the commit. A listener may itself write: its events come after those already due. */
  tell(): void {
    if (this.#pending.length === 0) return;
    this.#told.push(...this.#pending);
    this.#pending = [];
    if (this.#telling) return;
    this.#telling = true;
    while (this.#told.length > 0) {
      const events = this.#told;
      this.#told = [];
      for (const event of events) this.#tellAll(event);
    }
    this.#telling = false;
  }

  #tellAll(event: AnyEvent): void {
    const name = 'record' in event || 'key' in event ? event.table : SCHEMA;
    for (const { listener, detailed } of [...(this.#subscriptions.get(name) ?? [])]) {
      try {
        listener((detailed ? event : withoutOld(event)) as never);
      } catch (error) {
        this.#onListenerError(error, name);
      }
    }
  }
}

function withoutOld(event: AnyEvent): AnyEvent {
  if (!('old' in event)) return event;
  const { old: _old, ...rest } = event;
  return rest;
}
