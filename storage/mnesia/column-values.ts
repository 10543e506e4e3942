/** Between a record's values and what SQLite binds and returns, column by column. */
import type { Column } from './schema.ts';
import { decodeTerm, describe, encodeTerm, isWellFormed } from './term.ts';

export type SqlValue = number | string | Uint8Array | null;

/** Throws TypeError when the value does not fit its column. */
export function encodeValue(column: Column, value: unknown): SqlValue {
  switch (column.type) {
    case 'integer':
      if (Number.isSafeInteger(value)) return value as number;
      break;
    case 'text':
      if (typeof value === 'string' && isWellFormed(value)) return value;
      break;
    case 'blob':
      if (value instanceof Uint8Array) return value;
      break;
    case 'real':
      if (typeof value === 'number' && !Number.isNaN(value)) return value;
      break;
    case 'term':
      if (value === null && column.nullable) return null;
      return encodeTerm(value, column.name);
  }
  if (value === null && column.nullable) return null;
  throw new TypeError(
    `expected ${expected(column)} for attribute ${column.name}, got ${describe(value)}`,
  );
}

export function decodeValue(column: Column, value: SqlValue): unknown {
  return column.type === 'term' && value !== null ? decodeTerm(value as Uint8Array) : value;
}

function expected(column: Column): string {
  const types = {
    integer: 'a safe integer',
    real: 'a number',
    text: 'a well-formed string',
    blob: 'a Uint8Array',
    term: 'a term',
  };
  return column.nullable ? `${types[column.type]} or null` : types[column.type];
}
