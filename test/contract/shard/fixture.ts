/** What the parts of the shard's contract share: opening, and commands in few words. */
import { randomBytes } from 'node:crypto';
import { decodeTail } from '../../../protocol/codec/encoded-rows.ts';
import type { UnnumberedRow } from '../../../protocol/codec/rows.ts';
import {
  deviceId,
  type Conversation,
  type DeviceId,
  type GroupId,
  type UserId,
} from '../../../protocol/ids.ts';
import type { Refusal } from '../../../protocol/refusal.ts';
import type { Row } from '../../../protocol/rows.ts';
import { shardOf } from '../../../protocol/shard.ts';
import { type LinkSegment, readItems } from '../../../protocol/delivery/link-items.ts';
import type { DeviceState } from '../../../storage/mailboxes/contract.ts';
import type { MailboxRow } from '../../../storage/mailboxes/row-tails.ts';
import type {
  Command,
  CommandKind,
  Committed,
  OutcomeOf,
  ShardStore,
} from '../../../storage/shard/contract.ts';

export interface OpenOptions {
  /** What was stored under a name is there when the name is opened again, if the store is durable. */
  readonly name: string;
  readonly shard: number;
  readonly shards: number;
  readonly limits?: { readonly mailboxMessages: number; readonly mailboxBytes: number };
  readonly maxPages?: number;
}

/** An implementation under test. */
export interface ShardContract {
  readonly name: string;
  /** Whether a closed store can be opened again, and a full one still gives space back. */
  readonly durable: boolean;
  readonly open: (options: OpenOptions) => ShardStore;
}

interface Teardown {
  teardown: (undo: () => void) => void;
}

/** What the bytes of the rows say. */
export const decoded = (rows: readonly MailboxRow[] = []): Row[] =>
  rows.map(({ n, tail }) => {
    const { kind, elements, bytes } = tail;
    return { n, ...decodeTail(kind, elements, bytes) };
  });

interface LinkedRow {
  readonly m: number;
  readonly devices: readonly DeviceId[];
  readonly row: UnnumberedRow;
}

/** What the segments on their way to another shard say. */
export const linked = (segments: readonly LinkSegment[]): LinkedRow[] =>
  segments.flatMap(segment =>
    readItems(segment).map(({ devices, tail }, i) => ({
      m: segment.after + i + 1,
      devices,
      row: decodeTail(tail.kind, tail.elements, tail.bytes),
    })),
  );

/** A store under test, with commands one at a time. */
export class Subject {
  readonly options: OpenOptions;
  private readonly contract: ShardContract;
  private current: ShardStore;

  constructor(contract: ShardContract, options: Partial<OpenOptions> = {}) {
    this.contract = contract;
    this.options = { name: randomBytes(6).toString('hex'), shard: 0, shards: 1, ...options };
    this.current = contract.open(this.options);
  }

  get store(): ShardStore {
    return this.current;
  }

  commit(...commands: Command[]): Promise<Committed> {
    return this.current.commit(commands);
  }

  async one<K extends CommandKind>(command: Command<K>): Promise<OutcomeOf<K>> {
    const { outcomes } = await this.current.commit([command as Command]);
    return outcomes[0] as OutcomeOf<K>;
  }

  /** Ends the store and opens it again with what it has stored; what cannot come back is left as it is. */
  reopen(): void {
    if (!this.contract.durable) return;
    this.current.close();
    this.current = this.contract.open(this.options);
  }

  /** Makes the store drop what it has of these devices in memory, by a batch that fails. */
  async forget(...devices: readonly DeviceId[]): Promise<void> {
    const failing = this.commit(send(dev('nobody'), 1, devices), failure);
    await failing.then(
      () => {
        throw new Error('a batch that must fail was committed');
      },
      (error: unknown) => {
        if (!(error instanceof RangeError)) throw error;
      },
    );
  }

  state(device: DeviceId): Promise<DeviceState> {
    return this.one({ kind: 'state', device });
  }

  /** Everything that waits for the device. */
  async rows(device: DeviceId, after = 0): Promise<readonly Row[]> {
    const command = { kind: 'read_rows', device, after, rows: 10_000, bytes: 1e9 } as const;
    return decoded((await this.one(command)).rows);
  }

  close(): void {
    this.current.close();
  }
}

/** A store that is closed when the test ends. */
export function begin(
  t: Teardown,
  contract: ShardContract,
  options: Partial<OpenOptions> = {},
): Subject {
  const subject = new Subject(contract, options);
  t.teardown(() => {
    subject.close();
  });
  return subject;
}

export const dev = (user: string, number = 1): DeviceId => deviceId(user as UserId, number);

/** A user whose home is this shard. */
export function userIn(shard: number, shards: number, nth = 0): UserId {
  for (let i = 0, found = 0; ; i++) {
    const user = `user${i}` as UserId;
    if (shardOf(user, shards) === shard && found++ === nth) return user;
  }
}

/** Four bytes that tell one body from another. (A Buffer: tap takes a Buffer and a Uint8Array for equal, whatever is in them.) */
export const bodyOf = (n: number): Buffer => {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(n);
  return body;
};

interface SendOptions {
  readonly prev?: number;
  readonly rev?: number;
  readonly conversation?: Conversation;
  readonly body?: Uint8Array;
  readonly at?: number;
}

/** A message to be decided, in the order of its numbers unless `prev` says otherwise. */
export const send = (
  device: DeviceId,
  seq: number,
  targets: readonly DeviceId[],
  options: SendOptions = {},
): Command<'decide'> => {
  const { prev = seq - 1, rev = 0, conversation = null, body = bodyOf(seq), at = 1_000 } = options;
  const intent = { kind: 'message', conversation, targets, body } as const;
  return { kind: 'decide', device, offer: { seq, prev, rev }, intent, at };
};

export const read = (
  device: DeviceId,
  seq: number,
  mark: { sender: DeviceId; conversation?: Conversation; upTo: number },
): Command<'decide'> => ({
  kind: 'decide',
  device,
  offer: { seq, prev: seq - 1, rev: 0 },
  intent: { kind: 'read', conversation: null, ...mark },
  at: 1_000,
});

export const refuse = (
  device: DeviceId,
  seq: number,
  why: Refusal,
  { prev = seq - 1, rev = 0 }: SendOptions = {},
): Command<'decide'> => ({
  kind: 'decide',
  device,
  offer: { seq, prev, rev },
  intent: { kind: 'refuse', why },
  at: 1_000,
});

export const ack = (device: DeviceId, upTo: number): Command<'acknowledge'> => ({
  kind: 'acknowledge',
  device,
  upTo,
});

/** A command that throws, for the group is not at that version: it fails the batch that it stands at the end of. */
export const failure: Command<'put_group'> = {
  kind: 'put_group',
  next: { group: 'g_BBBBBBBBBBBBBBBBBBBBBB' as GroupId, name: 'x', version: 8, members: [] },
  expected: 7,
  event: 'left',
  by: 'ann' as UserId,
  users: [],
  at: 1,
  devices: [],
};

/** `length` bytes that cannot be compressed to less. */
export const bulk = (length: number): Buffer => randomBytes(length);
