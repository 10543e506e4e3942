/** Arbitrary packets of every kind, within all limits, for property tests. */
import fc from 'fast-check';
import { errors, isErrorCode, type CloseCode, type ErrorCode } from '../../protocol/errors.ts';
import { deviceId, groupId, type DeviceId, type UserId } from '../../protocol/ids.ts';
import { limits } from '../../protocol/limits.ts';
import type { ClientPacket, ServerPacket } from '../../protocol/packets.ts';
import type { Refusal } from '../../protocol/refusal.ts';
import type { Argument, Method, Reply } from '../../protocol/requests.ts';
import { groupEvents, type Row } from '../../protocol/rows.ts';

/** Plain objects, as decoders make them (by default some are made without a prototype). */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true });

const count = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const positive = count.map(n => Math.max(n, 1));
const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const key = bytes(32, 32);
const signature = bytes(64, 64);
export const user = fc.stringMatching(
  /^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$/,
) as fc.Arbitrary<UserId>;
export const device: fc.Arbitrary<DeviceId> = fc
  .tuple(user, fc.integer({ min: 1, max: 999_999_999 }))
  .map(([owner, number]) => deviceId(owner, number));
export const group = bytes(16, 16).map(groupId);
const conversation = fc.option(group, { nil: null });
const users = (maxLength: number) => fc.uniqueArray(user, { maxLength });
/** Without a byte order mark in front, which TextDecoder drops. */
const text = (maxLength: number) =>
  fc.string({ unit: 'binary', maxLength }).filter(value => !value.startsWith('\ufeff'));
const shortBody = bytes(0, 300);
const body = fc.oneof(shortBody, bytes(limits.bodyBytes - 1, limits.bodyBytes));

const offer = { seq: positive, prev: count, rev: count };
const addressing = fc.oneof(
  record({
    kind: fc.constant('direct' as const),
    users: fc.uniqueArray(fc.tuple(user, count), {
      maxLength: limits.recipientsPerSend,
      selector: ([name]) => name,
    }),
    own: count,
  }),
  record({ kind: fc.constant('group' as const), group, version: count }),
);

const argument: { [M in Method]: fc.Arbitrary<Argument<M>> } = {
  devices: record({ users: users(limits.usersPerRequest) }),
  device_approve: record({ key, signature }),
  device_remove: record({ device }),
  block: record({ user }),
  unblock: record({ user }),
  group_create: record({ group, name: text(limits.groupNameCharacters), members: users(40) }),
  group_add: record({ group, users: users(40) }),
  group_remove: record({ group, users: users(40) }),
  group_leave: record({ group }),
  group_info: record({ group }),
  group_receipts: record({ group }),
};

const groupInfo = record({
  group,
  name: text(limits.groupNameCharacters),
  version: count,
  members: fc.array(record({ user, admin: fc.boolean() }), { maxLength: 40 }),
});
const nothing = fc.constant<Record<string, never>>({});
const reply: { [M in Method]: fc.Arbitrary<Reply<M>> } = {
  devices: record({
    users: fc.array(
      record({
        user,
        version: count,
        devices: fc.array(
          record({
            device,
            key,
            addedBy: fc.option(device, { nil: null }),
            signature: fc.option(signature, { nil: null }),
            addedAt: count,
          }),
          { maxLength: limits.devicesPerUser },
        ),
      }),
      { maxLength: 10 },
    ),
  }),
  device_approve: record({ device }),
  device_remove: record({ version: count }),
  block: nothing,
  unblock: nothing,
  group_create: groupInfo,
  group_add: groupInfo,
  group_remove: groupInfo,
  group_leave: nothing,
  group_info: groupInfo,
  group_receipts: record({
    members: fc.array(record({ device, delivered: count, read: count }), { maxLength: 40 }),
  }),
};
const methodNames = Object.keys(argument) as Method[];

const request: fc.Arbitrary<ClientPacket> = fc.oneof(
  ...methodNames.map(
    method =>
      record({
        kind: fc.constant('request' as const),
        id: positive,
        method: fc.constant(method),
        argument: argument[method],
      }) as fc.Arbitrary<ClientPacket>,
  ),
);

const hotClientPacketWith = (body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<ClientPacket> =>
  fc.oneof(
    record({ kind: fc.constant('send' as const), ...offer, to: addressing, body }),
    record({ kind: fc.constant('ack' as const), upTo: count, again: fc.boolean() }),
  );

/** What clients send by the thousand, with short bodies. */
export const hotClientPacket = hotClientPacketWith(shortBody);

export const clientPacket: fc.Arbitrary<ClientPacket> = fc.oneof(
  hotClientPacketWith(body),
  record({
    kind: fc.constant('login' as const),
    version: fc.constant(1),
    roles: fc.integer({ min: 1, max: 3 }),
    proof: fc.oneof(
      record({ kind: fc.constant('signature' as const), signature }),
      record({ kind: fc.constant('ticket' as const), ticket: bytes(1, limits.ticketBytes) }),
    ),
    agent: text(limits.agentCharacters),
  }),
  record({
    kind: fc.constant('read' as const),
    ...offer,
    sender: device,
    conversation,
    upTo: positive,
  }),
  request,
  record({ kind: fc.constant('ping' as const), token: count }),
);

export const refusal: fc.Arbitrary<Refusal> = fc.oneof(
  record({ code: fc.constantFrom('unknown_user', 'blocked', 'mailbox_full'), user }),
  record({ code: fc.constantFrom('unknown_group', 'not_member'), group }),
  record({ code: fc.constant('stale_group' as const), group, version: count }),
  record({
    code: fc.constant('stale_devices' as const),
    lists: fc.array(
      record({
        user,
        version: count,
        devices: fc.array(device, { maxLength: limits.devicesPerUser }),
      }),
      { maxLength: limits.recipientsPerSend + 1 },
    ),
  }),
);

const hotRowWith = (body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Row> =>
  fc.oneof(
    record({
      kind: fc.constant('message' as const),
      n: positive,
      from: device,
      seq: positive,
      conversation,
      acceptedAt: count,
      body,
    }),
    record({
      kind: fc.constant('receipt' as const),
      n: positive,
      peer: device,
      delivered: count,
      read: fc.array(fc.tuple(conversation, count), { maxLength: 20 }),
    }),
  );

const otherRow: fc.Arbitrary<Row> = fc.oneof(
  record({
    kind: fc.constant('undelivered' as const),
    n: positive,
    peer: device,
    after: count,
    upTo: positive,
  }),
  record({
    kind: fc.constant('group' as const),
    n: positive,
    group,
    version: count,
    event: fc.constantFrom(...groupEvents),
    by: user,
    users: users(40),
    at: count,
  }),
);

export const row = fc.oneof(hotRowWith(body), otherRow);

const code = fc.constantFrom(...(Object.keys(errors) as ErrorCode[]));
const closeCode = fc.constantFrom(
  ...Object.keys(errors).filter(
    (name): name is CloseCode => isErrorCode(name) && errors[name].closes !== null,
  ),
);

const hotServerPacketWith = (body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<ServerPacket> =>
  fc.oneof(
    record({ kind: fc.constant('accepted' as const), upTo: count, at: count }),
    record({
      kind: fc.constant('deliver' as const),
      after: count,
      rows: fc.array(fc.oneof(hotRowWith(body), otherRow), { maxLength: 5 }),
    }),
  );

/** What servers send by the thousand, with short bodies. */
export const hotServerPacket = hotServerPacketWith(shortBody);

export const serverPacket: fc.Arbitrary<ServerPacket> = fc.oneof(
  record({ kind: fc.constant('challenge' as const), nonce: key, time: count }),
  record({
    kind: fc.constant('welcome' as const),
    ticket: bytes(1, limits.ticketBytes),
    ticketExpiresAt: count,
    time: count,
    limits: record({
      packetBytes: positive,
      frameBytes: positive,
      bodyBytes: positive,
      unacceptedSends: positive,
      unackedRows: positive,
      openRequests: positive,
      idleTimeoutMs: positive,
    }),
  }),
  record({
    kind: fc.constant('state' as const),
    upTo: count,
    seen: count,
    rev: count,
    why: fc.option(refusal, { nil: null }),
    acked: count,
    era: count,
  }),
  hotServerPacketWith(body),
  record({
    kind: fc.constant('rejected' as const),
    seq: positive,
    rev: count,
    why: refusal,
    upTo: count,
  }),
  record({
    kind: fc.constant('deliver' as const),
    after: count,
    rows: fc.array(row, { maxLength: 5 }),
  }),
  fc.oneof(
    ...methodNames.map(
      method =>
        record({
          kind: fc.constant('reply' as const),
          id: positive,
          method: fc.constant(method),
          value: reply[method],
        }) as fc.Arbitrary<ServerPacket>,
    ),
  ),
  fc.record(
    {
      kind: fc.constant('error' as const),
      code,
      message: text(200),
      field: text(30),
      limit: count,
      about: count,
      retryAfterMs: count,
    },
    { requiredKeys: ['kind', 'code', 'message'], noNullPrototype: true },
  ),
  record({
    kind: fc.constant('close' as const),
    code: closeCode,
    message: text(200),
    retryAfterMs: fc.option(count, { nil: null }),
  }),
  record({ kind: fc.constant('pong' as const), token: count }),
);
