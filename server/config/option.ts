/**
 * The kinds of options. An option knows what it takes (a zod schema), what that is called in a sentence,
 * and how it is read from text, as environment and command line give it.
 */
import { isIP } from 'node:net';
import * as z from 'zod';

export interface Option<T> {
  readonly schema: z.ZodType<T>;
  /** For messages and docs/operations.md: "an integer from 0 to 65535". */
  readonly allowed: string;
  /** What is used when nothing is given; undefined when that depends on other options. */
  readonly default: T | undefined;
  /** How the default reads in docs/operations.md, when it is not plain. */
  readonly defaultText: string | undefined;
  readonly unit: string | undefined;
  /** A second, shorter name on the command line and in the environment. */
  readonly short: string | undefined;
  readonly doc: string;
  /** A path is made absolute: from a file relative to that file, else to the working directory. */
  readonly isPath: boolean;
  /** The value in text; what is not understood comes back as it is, for the schema to refuse. */
  readonly fromText: (text: string) => unknown;
}

interface Description<T> {
  readonly default?: T;
  readonly defaultText?: string;
  readonly unit?: string;
  readonly short?: string;
  readonly doc: string;
}

function option<T>(
  description: Description<T>,
  kind: Pick<Option<T>, 'schema' | 'allowed' | 'fromText'> & { readonly isPath?: boolean },
): Option<T> {
  return {
    default: description.default,
    defaultText: description.defaultText,
    unit: description.unit,
    short: description.short,
    doc: description.doc,
    isPath: false,
    ...kind,
  };
}

const asIs = (text: string): unknown => text;

/** Text that is not empty. */
export const text = (description: Description<string>): Option<string> =>
  option(description, { schema: z.string().min(1), allowed: 'text', fromText: asIs });

/** A file or a directory. */
export const path = (description: Description<string>): Option<string> =>
  option(description, {
    schema: z.string().min(1),
    allowed: 'a path',
    fromText: asIs,
    isPath: true,
  });

/** An integer within bounds, both included. */
export const integer = (
  min: number,
  max: number,
  description: Description<number>,
): Option<number> =>
  option(description, {
    schema: z.int().min(min).max(max),
    allowed: `an integer from ${min} to ${max}`,
    fromText: value => (/^-?[0-9]+$/.test(value) ? Number(value) : value),
  });

/** One of a few words. */
export const choice = <const W extends string>(
  words: readonly W[],
  description: Description<W>,
): Option<W> =>
  option(description, {
    schema: z.enum(words),
    allowed: `one of ${words.join(', ')}`,
    fromText: asIs,
  });

/** What a flag takes. */
export const yesOrNo = 'true or false';

/** Yes or no. */
export const flag = (description: Description<boolean>): Option<boolean> =>
  option(description, {
    schema: z.boolean(),
    allowed: yesOrNo,
    fromText: value => (value === 'true' ? true : value === 'false' ? false : value),
  });

/** An address on the web. */
export const webAddress = (description: Description<string>): Option<string> =>
  option(description, {
    schema: z.string().refine(value => /^https?:\/\/./.test(value) && URL.canParse(value)),
    allowed: 'an address that begins with https:// or http://',
    fromText: asIs,
  });

const listFromText = (value: string): string[] =>
  value
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '');

/** Names of machines (chat.example.org); in text separated by commas. */
export const hostNames = (description: Description<readonly string[]>): Option<readonly string[]> =>
  option(description, {
    schema: z.array(z.string().regex(hostName)),
    allowed: 'a list of host names (chat.example.org)',
    fromText: listFromText,
  });

/** Labels of letters, digits and dashes, at least two of them; no wildcard and no address (RFC 1123, section 2.1). */
const hostName =
  /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;

/** Addresses (192.0.2.1, 2001:db8::1) and networks (10.0.0.0/8); in text separated by commas. */
export const networks = (description: Description<readonly string[]>): Option<readonly string[]> =>
  option(description, {
    schema: z.array(z.string().refine(isNetwork)),
    allowed: 'a list of addresses (192.0.2.1) and networks (10.0.0.0/8)',
    fromText: listFromText,
  });

/** True for an address, or an address with a prefix length that fits it. */
function isNetwork(value: string): boolean {
  const [address = '', prefix, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}
