/** What names a child inside its supervisor: as in Erlang, any term. */
import { inspect } from 'node:util';

/** Text or a number as a rule; arrays and objects are equal when their contents are. */
export type ChildId = string | number | readonly unknown[] | object;

/** An id as reports and looks tell it: anything but text and numbers as the text of its contents. */
export type ShownId = string | number;

/** Begins what stands for an array or an object, and hardly a text. */
const WRITTEN = '\u0000';

/** What stands for an id in a map: JavaScript's compare arrays and objects by identity. */
export function keyOf(id: ChildId): unknown {
  return typeof id === 'object' ? `${WRITTEN}${shownId(id)}` : id;
}

export function shownId(id: ChildId): ShownId {
  return typeof id === 'string' || typeof id === 'number' ? id : termText(id);
}

/** The same text for the same contents. */
export function termText(term: unknown): string {
  return inspect(term, COMPLETE);
}

const COMPLETE = {
  breakLength: Infinity,
  compact: true,
  depth: Infinity,
  maxArrayLength: null,
  maxStringLength: null,
  sorted: true,
} as const;
