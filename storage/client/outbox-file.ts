/** `outbox.db`: a device's messages on their way, and those accepted that a restored server may have lost. */
import { newOutbox, type OutboxEntry, type OutboxItem } from '../../protocol/delivery/outbox.ts';
import {
  sentBytes,
  sentEntries,
  type LoadedOutbox,
  type OutboxChange,
  type OutboxStore,
} from '../../protocol/device/store.ts';
import type { GroupId, UserId } from '../../protocol/ids.ts';
import type { Database } from '../mnesia/database.ts';
import type { Transaction } from '../mnesia/operations.ts';
import { defineTable } from '../mnesia/schema.ts';

interface EntryRecord {
  seq: number;
  rev: number;
  again: number;
  item: OutboxItem;
}

interface SentRecord {
  seq: number;
  rev: number;
  bytes: number;
  item: OutboxItem;
}

interface MarksRecord {
  id: number;
  nextSeq: number;
  upTo: number;
  era: number | null;
  tried: number;
  /** What `sent` holds: entries, and bytes of bodies. */
  sentEntries: number;
  sentBytes: number;
}

interface VersionRecord {
  id: string;
  version: number;
}

const entries = defineTable<EntryRecord>({
  name: 'entries',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { seq: 'integer', rev: 'integer', again: 'integer', item: 'term' },
  key: ['seq'],
});

const sent = defineTable<SentRecord>({
  name: 'sent',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { seq: 'integer', rev: 'integer', bytes: 'integer', item: 'term' },
  key: ['seq'],
});

const marks = defineTable<MarksRecord>({
  name: 'marks',
  type: 'set',
  storage: 'disc_copies',
  attributes: {
    id: 'integer',
    nextSeq: 'integer',
    upTo: 'integer',
    era: { type: 'integer', null: true },
    tried: 'integer',
    sentEntries: 'integer',
    sentBytes: 'integer',
  },
  key: ['id'],
});

const versions = defineTable<VersionRecord>({
  name: 'versions',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { id: 'text', version: 'integer' },
  key: ['id'],
});

export const outboxTables = [entries, sent, marks, versions];

/** The only record of `marks`. */
const theMarks = 1;
const newMarks: MarksRecord = {
  id: theMarks,
  nextSeq: 1,
  upTo: 0,
  era: null,
  tried: 0,
  sentEntries: 0,
  sentBytes: 0,
};

export interface SentBounds {
  readonly sentEntries: number;
  readonly sentBytes: number;
}

export class OutboxFile implements OutboxStore {
  readonly #database: Database;
  readonly #bounds: SentBounds;

  constructor(database: Database, bounds: SentBounds = { sentEntries, sentBytes }) {
    this.#database = database;
    this.#bounds = bounds;
  }

  load(): LoadedOutbox {
    const { dirty } = this.#database;
    const { nextSeq, upTo, era, tried } = dirty.read(marks, theMarks) ?? newMarks;
    const state = {
      ...newOutbox(),
      nextSeq,
      upTo,
      era,
      tried,
      entries: dirty.range(entries, undefined, undefined).map(entryOf),
    };
    const known = dirty
      .select(versions, {})
      .map(({ id, version }) => [id as UserId | GroupId, version] as const);
    return { state, versions: new Map(known) };
  }

  commit(changes: readonly OutboxChange[]): void {
    this.#database.transaction(tx => {
      const now = { ...(tx.read(marks, theMarks) ?? newMarks) };
      for (const change of changes) apply(tx, now, change);
      this.#trim(tx, now);
      tx.write(marks, now);
    });
  }

  sentAfter(seq: number): readonly OutboxEntry[] {
    return this.#database.dirty
      .range(sent, seq + 1, undefined)
      .map(({ seq, rev, item }) => ({ seq, rev, again: false, item }));
  }

  close(): void {
    this.#database.close();
  }

  #trim(tx: Transaction, now: MarksRecord): void {
    while (now.sentEntries > this.#bounds.sentEntries || now.sentBytes > this.#bounds.sentBytes) {
      const oldest = tx.first(sent);
      if (oldest === undefined) return;
      forget(tx, now, oldest);
    }
  }
}

function apply(tx: Transaction, now: MarksRecord, change: OutboxChange): void {
  switch (change.kind) {
    case 'put': {
      const { seq, rev, again, item } = change.entry;
      if (again) forget(tx, now, tx.read(sent, seq));
      tx.write(entries, { seq, rev, again: again ? 1 : 0, item });
      return;
    }
    case 'accepted': {
      const { seq, rev, item } = change.entry;
      tx.delete(entries, seq);
      if (item.kind !== 'send') return;
      tx.write(sent, { seq, rev, bytes: item.body.length, item });
      now.sentEntries += 1;
      now.sentBytes += item.body.length;
      return;
    }
    case 'dropped':
      tx.delete(entries, change.seq);
      return;
    case 'watermarks':
      now.nextSeq = change.nextSeq;
      now.upTo = change.upTo;
      now.era = change.era;
      now.tried = change.tried;
      return;
    case 'version':
      tx.write(versions, { id: change.id, version: change.version });
      return;
    default:
      change satisfies never;
  }
}

function forget(tx: Transaction, now: MarksRecord, record: SentRecord | undefined): void {
  if (record === undefined) return;
  tx.delete(sent, record.seq);
  now.sentEntries -= 1;
  now.sentBytes -= record.bytes;
}

const entryOf = ({ seq, rev, again, item }: EntryRecord): OutboxEntry => ({
  seq,
  rev,
  again: again === 1,
  item,
});
