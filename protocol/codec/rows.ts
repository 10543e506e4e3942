import type { Conversation } from '../ids.ts';
import { limits } from '../limits.ts';
import { groupEvents, type GroupEvent, type Row } from '../rows.ts';
import {
  BadField,
  readArray,
  readBinary,
  readConversation,
  readDevice,
  readGroup,
  readInteger,
  readUser,
  readUsers,
  unknownVariant,
} from './fields.ts';
import type { MsgpackWriter } from './writer.ts';

/** The rows of a `deliver` packet: `[kind, n, …]`. */

/** The first element of a row's array. Never used again for another kind. */
export const rowKinds = {
  message: 1,
  receipt: 2,
  undelivered: 3,
  group: 4,
} as const satisfies Record<Row['kind'], number>;

/** How many elements a row's array has, its kind and number included. */
export const rowElements = {
  message: 7,
  receipt: 5,
  undelivered: 5,
  group: 8,
} as const satisfies Record<Row['kind'], number>;

/** A row that has no number yet. */
export type UnnumberedRow = Row extends infer R ? (R extends Row ? Omit<R, 'n'> : never) : never;

/** Writes the elements that follow the number in a row's array. */
export function writeTail(writer: MsgpackWriter, row: UnnumberedRow): void {
  switch (row.kind) {
    case 'message':
      writer.text(row.from);
      writer.integer(row.seq);
      writeConversation(writer, row.conversation);
      writer.integer(row.acceptedAt);
      writer.binary(row.body);
      return;
    case 'receipt':
      writer.text(row.peer);
      writer.integer(row.delivered);
      writer.arrayHeader(row.read.length);
      for (const [conversation, upTo] of row.read) {
        writer.arrayHeader(2);
        writeConversation(writer, conversation);
        writer.integer(upTo);
      }
      return;
    case 'undelivered':
      writer.text(row.peer);
      writer.integer(row.after);
      writer.integer(row.upTo);
      return;
    case 'group':
      writer.text(row.group);
      writer.integer(row.version);
      writer.text(row.event);
      writer.text(row.by);
      writer.arrayHeader(row.users.length);
      for (const user of row.users) writer.text(user);
      writer.integer(row.at);
      return;
    default:
      row satisfies never;
  }
}

function writeConversation(writer: MsgpackWriter, conversation: Conversation): void {
  if (conversation === null) writer.nil();
  else writer.text(conversation);
}

export function readRow(value: unknown): Row {
  const array = readArray(value, 'rows');
  switch (array[0]) {
    case rowKinds.message:
      return {
        kind: 'message',
        n: readInteger(array[1], 'rows.n', 1),
        from: readDevice(array[2], 'rows.from'),
        seq: readInteger(array[3], 'rows.seq', 1),
        conversation: readConversation(array[4], 'rows.conversation'),
        acceptedAt: readInteger(array[5], 'rows.acceptedAt'),
        body: readBinary(array[6], 'rows.body', 0, limits.bodyBytes),
      };
    case rowKinds.receipt:
      return {
        kind: 'receipt',
        n: readInteger(array[1], 'rows.n', 1),
        peer: readDevice(array[2], 'rows.peer'),
        delivered: readInteger(array[3], 'rows.delivered'),
        read: readArray(array[4], 'rows.read', limits.conversationsPerReceipt).map(pair => {
          const [conversation, upTo] = readArray(pair, 'rows.read');
          return [
            readConversation(conversation, 'rows.read.conversation'),
            readInteger(upTo, 'rows.read.upTo'),
          ] as const;
        }),
      };
    case rowKinds.undelivered:
      return {
        kind: 'undelivered',
        n: readInteger(array[1], 'rows.n', 1),
        peer: readDevice(array[2], 'rows.peer'),
        after: readInteger(array[3], 'rows.after'),
        upTo: readInteger(array[4], 'rows.upTo', 1),
      };
    case rowKinds.group:
      return {
        kind: 'group',
        n: readInteger(array[1], 'rows.n', 1),
        group: readGroup(array[2], 'rows.group'),
        version: readInteger(array[3], 'rows.version'),
        event: readGroupEvent(array[4]),
        by: readUser(array[5], 'rows.by'),
        users: readUsers(array[6], 'rows.users', limits.membersPerGroup),
        at: readInteger(array[7], 'rows.at'),
      };
    default:
      throw unknownVariant('rows', 'a row kind (1–4)');
  }
}

function readGroupEvent(value: unknown): GroupEvent {
  const event = groupEvents.find(event => event === value);
  if (event === undefined)
    throw new BadField(
      'bad_field',
      'rows.event',
      `rows.event must be one of ${groupEvents.join(', ')}.`,
    );
  return event;
}
