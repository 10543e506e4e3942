/** Reads the values of arguments and options. What cannot be read is wrong usage; what names nobody has its code. */
import { InvalidArgumentError } from 'commander';
import { ClientError } from '../client/errors.ts';
import { isGroupId, isUserId, type GroupId, type UserId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';

/** A whole number from 1. */
export function count(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new InvalidArgumentError('Give a whole number from 1 on.');
  return Number(text);
}

/** The longest time that is taken: timers take no more than 2^31 milliseconds. */
const longestSeconds = 2_000_000;

/** Seconds, fractions too. @returns milliseconds */
export function seconds(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text) || value <= 0 || value > longestSeconds)
    throw new InvalidArgumentError(`Give seconds, up to ${longestSeconds}; 0.5 is half a one.`);
  return Math.ceil(value * 1000);
}

const httpOf: Readonly<Record<string, string>> = {
  'http:': 'http:',
  'https:': 'https:',
  'ws:': 'http:',
  'wss:': 'https:',
};

/** A server's address, as `http(s)://host[:port]`. */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const protocol = httpOf[url?.protocol ?? ''];
  if (url === null || protocol === undefined || url.host === '')
    throw new InvalidArgumentError('Give it as http://host:port, as `serve` prints it.');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new InvalidArgumentError('Give only http://host:port, nothing after it.');
  return `${protocol}//${url.host}`;
}

/** @throws ClientError `bad_handle` */
export function userName(text: string): UserId {
  if (!isUserId(text))
    throw new ClientError(
      'bad_handle',
      `${JSON.stringify(text)} is no handle: a handle is 1–32 characters of a–z, 0–9, dot, dash, underscore, and begins and ends with a letter or digit.`,
    );
  return text;
}

/** Names with commas between them. @throws ClientError `bad_handle` */
export const userNames = (text: string): UserId[] =>
  text
    .split(',')
    .map(name => name.trim())
    .filter((name, _index, { length }) => name !== '' || length === 1)
    .map(userName);

const groupPrefix = 'group:';

/** What a group is called. */
export function groupTitle(text: string): string {
  if (text.trim() === '' || Array.from(text).length > limits.groupNameCharacters)
    throw new InvalidArgumentError(
      `Give the group a name of 1 to ${limits.groupNameCharacters} characters.`,
    );
  return text;
}

/** A group's id, with or without `group:` before it. @throws ClientError `unknown_group` */
export function groupName(text: string): GroupId {
  const id = text.startsWith(groupPrefix) ? text.slice(groupPrefix.length) : text;
  if (!isGroupId(id))
    throw new ClientError(
      'unknown_group',
      `${JSON.stringify(id)} is no group id: \`strowger group create\` prints one, g_ and 22 characters.`,
    );
  return id;
}

/** Whom a message is for: `NAME[,NAME…]` or `group:ID`. */
export const recipients = (text: string): { to: UserId[] } | { group: GroupId } =>
  text.startsWith(groupPrefix) ? { group: groupName(text) } : { to: userNames(text) };
