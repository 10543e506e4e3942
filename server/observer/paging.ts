/** Reads the query of a list: which page, which order, what is searched for. */
import { z } from 'zod';
import { PAGE_LIMIT, registryKinds, WINDOW_LIMIT } from '../../protocol/observer.ts';
import { httpError, HttpProblem } from '../http/http-error.ts';
import { validate } from '../http/validate.ts';

const DEFAULT_LIMIT = 50;
const SEARCH_CHARACTERS = 200;

/** A number in a query; empty counts as not given. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, `expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

const page = {
  offset: wholeNumber(0, WINDOW_LIMIT).default(0),
  limit: wholeNumber(1, PAGE_LIMIT).default(DEFAULT_LIMIT),
};
const search = { q: z.string().max(SEARCH_CHARACTERS).default('') };
const isolate = { isolate: wholeNumber(0, 1_023).optional() };

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** What the query says, as the schema has it; what the schema does not know is refused. */
export function readQuery<T>(schema: z.ZodType<T>, query: URLSearchParams): T {
  const given = [...query].filter(([, value]) => value !== '');
  return validate(schema, Object.fromEntries(given));
}

/** @throws HttpProblem past what can be looked at of one order */
export function requireWindow<T extends Page>(read: T): T {
  if (read.offset + read.limit <= WINDOW_LIMIT) return read;
  throw new HttpProblem(
    httpError(400, 'bad_field', {
      field: 'offset',
      message: `offset: only the first ${WINDOW_LIMIT} can be looked at; search to find the others.`,
    }),
  );
}

/** A list over all isolates, or over one, with a search and an order. */
export const listQuery = <Sorts extends readonly [string, ...string[]]>(
  sorts: Sorts,
  first: Sorts[number],
) =>
  z.strictObject({ ...page, ...search, ...isolate, sort: z.enum(sorts).default(first as never) });

export const registryQuery = z.strictObject({
  ...{ ...page, ...search, ...isolate },
  kind: z.enum(registryKinds).optional(),
  registry: z.string().max(SEARCH_CHARACTERS).optional(),
});

export const treeQuery = z.strictObject({ ...page, root: wholeNumber(1, 2 ** 53 - 1).optional() });
