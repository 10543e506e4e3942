/** Match specifications: which records `select` finds, as values that the compiler checks. */
import { encodeValue } from './column-values.ts';
import type { SqlValue } from './column-values.ts';
import type { Column, KeyPart, Table } from './schema.ts';
import { quote } from './sql-names.ts';

/** A value to be equal to, or bounds that must all hold. Null equals null and is ordered nowhere. */
export type Condition<V> =
  | V
  | {
      readonly gt?: NonNullable<V>;
      readonly gte?: NonNullable<V>;
      readonly lt?: NonNullable<V>;
      readonly lte?: NonNullable<V>;
      readonly ne?: V;
      readonly in?: readonly V[];
    };

/** Conditions on attributes that must all hold. Terms cannot be matched. */
export type Match<R> = {
  readonly [K in keyof R]?: R[K] extends KeyPart | null ? Condition<R[K]> : never;
};

export interface MatchSql {
  readonly condition: string;
  readonly values: SqlValue[];
}

const COMPARISONS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
const IN_LIMIT = 1024;

export function matchSql(table: Table<object>, match: object): MatchSql {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  for (const [name, condition] of Object.entries(match) as [string, unknown][]) {
    const column = table.columns.find(candidate => candidate.name === name);
    if (column === undefined || column.type === 'term') {
      throw new TypeError(
        `expected attributes of table ${table.name} other than terms in a match, got ${name}`,
      );
    }
    conditions.push(
      isBounds(condition) ? bounds(column, condition, values) : equal(column, condition, values),
    );
  }
  return { condition: conditions.length === 0 ? 'TRUE' : conditions.join(' AND '), values };
}

function isBounds(condition: unknown): condition is Record<string, unknown> {
  return typeof condition === 'object' && condition !== null && !(condition instanceof Uint8Array);
}

function equal(column: Column, value: unknown, values: SqlValue[]): string {
  values.push(encodeValue(column, value));
  return `${quote(column.name)} IS ?`;
}

function bounds(column: Column, condition: Record<string, unknown>, values: SqlValue[]): string {
  const parts = Object.entries(condition).map(([operator, value]) => {
    switch (operator) {
      case 'gt':
      case 'gte':
      case 'lt':
      case 'lte':
        values.push(encodeValue({ ...column, nullable: false }, value));
        return `${quote(column.name)} ${COMPARISONS[operator]} ?`;
      case 'ne':
        values.push(encodeValue(column, value));
        return `${quote(column.name)} IS NOT ?`;
      case 'in':
        return oneOf(column, value as readonly unknown[], values);
      default:
        throw new TypeError(
          `expected gt, gte, lt, lte, ne or in for ${column.name}, got ${operator}`,
        );
    }
  });
  return parts.length === 0 ? 'TRUE' : parts.join(' AND ');
}

/** The list is filled up to a power of two, so that few different statements are prepared. */
function oneOf(column: Column, list: readonly unknown[], values: SqlValue[]): string {
  if (list.length > IN_LIMIT) {
    throw new RangeError(
      `expected at most ${IN_LIMIT} values in ${column.name}, got ${list.length}`,
    );
  }
  const present = list.filter(value => value !== null).map(value => encodeValue(column, value));
  const orNull = present.length < list.length ? `${quote(column.name)} IS NULL` : 'FALSE';
  const last = present.at(-1);
  if (last === undefined) return orNull;
  const places = 2 ** Math.ceil(Math.log2(present.length));
  while (present.length < places) present.push(last);
  values.push(...present);
  const marks = present.map(() => '?').join(', ');
  return `(${quote(column.name)} IN (${marks}) OR ${orNull})`;
}
