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
import { integer } from './msgpack.ts';

/** The rows of a `deliver` packet: `[kind, n, …]`. */

/** The first element of a row's array. Never used again for another kind. */
export const rowKinds = {
  message: 1,
  receipt: 2,
  undelivered: 3,
  group: 4,
} as const satisfies Record<Row['kind'], number>;

export function writeRow(row: Row): unknown[] {
  switch (row.kind) {
    case 'message':
      return [
        rowKinds.message,
        integer(row.n),
        row.from,
        integer(row.seq),
        row.conversation,
        integer(row.acceptedAt),
        row.body,
      ];
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
