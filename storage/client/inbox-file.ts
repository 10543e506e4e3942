/** `inbox.db`: what a device has stored and its application has not confirmed, and what it knows of its senders. */
import type { PeerState } from '../../protocol/delivery/inbox.ts';
import type { InboxChange, InboxStore, LoadedInbox } from '../../protocol/device/store.ts';
import type { Conversation, DeviceId } from '../../protocol/ids.ts';
import type { Row } from '../../protocol/rows.ts';
import type { Database } from '../mnesia/database.ts';
import type { Transaction } from '../mnesia/operations.ts';
import { defineTable } from '../mnesia/schema.ts';

interface WaitingRecord {
  place: number;
  row: Row;
}

interface MarksRecord {
  id: number;
  have: number;
  era: number | null;
}

interface SenderRecord {
  device: DeviceId;
  /** The highest number of this device that is stored. */
  seq: number;
}

interface PeerRecord {
  device: DeviceId;
  delivered: number;
  read: readonly (readonly [Conversation, number])[];
}

const waiting = defineTable<WaitingRecord>({
  name: 'waiting',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { place: 'integer', row: 'term' },
  key: ['place'],
});

const marks = defineTable<MarksRecord>({
  name: 'marks',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { id: 'integer', have: 'integer', era: { type: 'integer', null: true } },
  key: ['id'],
});

const senders = defineTable<SenderRecord>({
  name: 'senders',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { device: 'text', seq: 'integer' },
  key: ['device'],
});

const peers = defineTable<PeerRecord>({
  name: 'peers',
  type: 'set',
  storage: 'disc_only_copies',
  attributes: { device: 'text', delivered: 'integer', read: 'term' },
  key: ['device'],
});

export const inboxTables = [waiting, marks, senders, peers];

/** The only record of `marks`. */
const theMarks = 1;

export class InboxFile implements InboxStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  load(): LoadedInbox {
    const { dirty } = this.#database;
    const { have, era } = dirty.read(marks, theMarks) ?? { have: 0, era: null };
    const from = dirty.select(senders, {}).map(({ device, seq }) => [device, seq] as const);
    const known = dirty
      .select(peers, {})
      .map(({ device, delivered, read }): [DeviceId, PeerState] => [
        device,
        { delivered, read: new Map(read) },
      ]);
    return {
      state: { have, era, from: new Map(from), peers: new Map(known) },
      waiting: dirty.range(waiting, undefined, undefined),
    };
  }

  commit(changes: readonly InboxChange[]): void {
    this.#database.transaction(tx => {
      for (const change of changes) apply(tx, change);
    });
  }

  close(): void {
    this.#database.close();
  }
}

function apply(tx: Transaction, change: InboxChange): void {
  switch (change.kind) {
    case 'add':
      tx.write(waiting, change.waiting);
      return;
    case 'done':
      tx.delete(waiting, change.place);
      return;
    case 'watermarks':
      tx.write(marks, { id: theMarks, have: change.have, era: change.era });
      return;
    case 'from':
      tx.write(senders, { device: change.device, seq: change.seq });
      return;
    case 'peer': {
      const { delivered, read } = change.peer;
      tx.write(peers, { device: change.device, delivered, read: [...read] });
      return;
    }
    default:
      change satisfies never;
  }
}
