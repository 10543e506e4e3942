import { limits } from '../limits.ts';
import { groupEvents, type GroupEvent, type MessageRow, type Row } from '../rows.ts';
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
import { integer } from './msgpack.ts';
import type { MsgpackWriter } from './writer.ts';

/** The rows of a `deliver` packet: `[kind, n, …]`. */

/** The first element of a row's array. Never used again for another kind. */
export const rowKinds = {
  message: 1,
  receipt: 2,
  undelivered: 3,
  group: 4,
} as const satisfies Record<Row['kind'], number>;

/** Of a message's array. */
export const messageElements = 7;

/** What follows the number in a message's array: by hand, for nearly all rows are messages. */
export function writeMessageTail(writer: MsgpackWriter, row: Omit<MessageRow, 'n'>): void {
  writer.text(row.from);
  writer.integer(row.seq);
  if (row.conversation === null) writer.nil();
  else writer.text(row.conversation);
  writer.integer(row.acceptedAt);
  writer.binary(row.body);
}

/** The array of a row of every other kind. */
export function rowArray(row: Exclude<Row, MessageRow>): unknown[] {
  switch (row.kind) {
    case 'receipt':
      return [
        rowKinds.receipt,
        integer(row.n),
        row.peer,
        integer(row.delivered),
        row.read.map(([conversation, upTo]) => [conversation, integer(upTo)]),
      ];
    case 'undelivered':
      return [
        rowKinds.undelivered,
        integer(row.n),
        row.peer,
        integer(row.after),
        integer(row.upTo),
      ];
    case 'group':
      return [
        rowKinds.group,
        integer(row.n),
        row.group,
        integer(row.version),
        row.event,
        row.by,
        row.users,
        integer(row.at),
      ];
  }
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
