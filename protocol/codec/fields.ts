import type { ErrorCode } from '../errors.ts';
import {
  isDeviceId,
  isGroupId,
  isUserId,
  type Conversation,
  type DeviceId,
  type GroupId,
  type UserId,
} from '../ids.ts';

/**
 * Readers of single fields. Each takes what msgpack gave and the field's name as docs/protocol.md has it, and
 * returns the typed value or throws {@link BadField}, which the frame's decoder turns into a `BadPacket`.
 */

/** A field that does not fit; its message is a sentence for the other side's programmer. */
export class BadField extends Error {
  override readonly name = 'BadField';
  readonly code: ErrorCode;
  readonly field: string;
  readonly limit: number | undefined;

  constructor(code: ErrorCode, field: string, message: string, limit?: number) {
    super(message);
    this.code = code;
    this.field = field;
    this.limit = limit;
  }
}

const wrong = (field: string, expected: string): BadField =>
  new BadField('bad_field', field, `${field} must be ${expected}.`);

const tooLarge = (field: string, unit: string, limit: number): BadField =>
  new BadField('field_too_large', field, `${field} may have at most ${limit} ${unit}.`, limit);

/** An integer from `min` to `max`; msgpack may have carried it in any number format that holds it exactly. */
export function readInteger(
  value: unknown,
  field: string,
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max)
    throw wrong(
      field,
      `an integer from ${min} to ${max === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : max}`,
    );
  return value + 0; // a float's -0 becomes 0
}

export function readFlag(value: unknown, field: string): boolean {
  if (typeof value !== 'boolean') throw wrong(field, 'true or false');
  return value;
}

/** @param limit in Unicode code points */
export function readText(value: unknown, field: string, limit: number): string {
  if (typeof value !== 'string') throw wrong(field, 'text');
  // A code point has one or two UTF-16 units: they are counted only where that decides.
  if (value.length > limit && (value.length > 2 * limit || Array.from(value).length > limit))
    throw tooLarge(field, 'characters', limit);
  return value;
}

/** @param min in bytes @param max in bytes @returns a view into the frame */
export function readBinary(value: unknown, field: string, min: number, max: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length < min || (min === max && value.length > max))
    throw wrong(field, min === max ? `${min} bytes` : min > 0 ? `${min} bytes or more` : 'binary');
  if (value.length > max) throw tooLarge(field, 'bytes', max);
  return value;
}

export function readUser(value: unknown, field: string): UserId {
  if (!isUserId(value)) throw wrong(field, 'a user id');
  return value;
}

export function readDevice(value: unknown, field: string): DeviceId {
  if (!isDeviceId(value)) throw wrong(field, 'a device id');
  return value;
}

export function readGroup(value: unknown, field: string): GroupId {
  if (!isGroupId(value)) throw wrong(field, 'a group id');
  return value;
}

export function readConversation(value: unknown, field: string): Conversation {
  if (value !== null && !isGroupId(value)) throw wrong(field, 'a group id or nil');
  return value;
}

/** An array with at most `limit` elements. */
export function readArray(
  value: unknown,
  field: string,
  limit = Number.MAX_SAFE_INTEGER,
): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(field, 'an array');
  if (value.length > limit) throw tooLarge(field, 'elements', limit);
  return value;
}

/** Users, each named once. */
export function readUsers(value: unknown, field: string, limit: number): UserId[] {
  const users = readArray(value, field, limit).map(user => readUser(user, field));
  if (new Set(users).size < users.length) throw wrong(field, 'an array that names each user once');
  return users;
}

export function readMap(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isBinary(value))
    throw wrong(field, 'a map');
  return value as Readonly<Record<string, unknown>>;
}

const isBinary = (value: object): boolean => value instanceof Uint8Array;

/** A field that may be nil, or absent at the end of its array. */
export const readOptional = <T>(value: unknown, read: (value: unknown) => T): T | undefined =>
  value === undefined || value === null ? undefined : read(value);

/** A number that selects what the rest of an array means. @param expected the numbers that exist, for the message */
export const unknownVariant = (field: string, expected: string): BadField =>
  wrong(field, `an array that begins with ${expected}`);
