/** What can go wrong in the store, as codes; each message says what to do. */
export type StorageErrorCode =
  /** The data was written by a newer program. */
  | 'schema_newer'
  /** The tables in the file are not those of the program, and no migration leads there. */
  | 'schema_mismatch'
  /** A migration threw; the data is as it was before. */
  | 'migration_failed'
  /** The file is damaged, or is no database of ours. It is never touched. */
  | 'corrupt'
  /** Another process holds the database. */
  | 'locked'
  /** No room: the transaction was rolled back, the database stays usable. */
  | 'disk_full'
  /** The operating system refused a read or a write. */
  | 'io'
  /** `insert` met a record with the same key. */
  | 'already_exists'
  /** The table is not in this database, or has another definition there. */
  | 'no_exists'
  /** A schema operation inside a transaction, as Mnesia's `nested_transaction`. */
  | 'nested_transaction'
  /** The database was closed. */
  | 'closed';

export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }
}

/** What `abort` throws: the reason reaches the caller of `transaction` after the rollback. */
export class TransactionAborted extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super(`The transaction was aborted: ${typeof reason === 'string' ? reason : 'see .reason'}`);
    this.name = 'TransactionAborted';
    this.reason = reason;
  }
}
