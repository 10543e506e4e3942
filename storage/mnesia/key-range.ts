/**
 * Ranges over an ordered_set. A bound is a key or the first parts of one; records compare with it
 * on these parts only, so that `[device]` as both bounds means every record of that device.
 */
import type { KeyPart } from './schema.ts';
import { quote } from './sql-names.ts';

/** How many key attributes both bounds fix, and how many each bound names. */
export interface RangeShape {
  readonly fixed: number;
  readonly fromLength: number;
  readonly toLength: number;
}

export function rangeShape(from: readonly KeyPart[], to: readonly KeyPart[]): RangeShape {
  let fixed = 0;
  while (fixed < from.length && fixed < to.length && samePart(from[fixed], to[fixed])) fixed += 1;
  return { fixed, fromLength: from.length, toLength: to.length };
}

/** A number that is different for each shape: the key of the statement cache. */
export function shapeId(shape: RangeShape): number {
  return (shape.fixed * 8 + shape.fromLength) * 8 + shape.toLength;
}

/** The values to bind: the fixed parts, the rest of the lower bound, the rest of the upper. */
export function rangeValues(
  shape: RangeShape,
  from: readonly KeyPart[],
  to: readonly KeyPart[],
): KeyPart[] {
  const values = from.slice();
  for (let i = shape.fixed; i < to.length; i += 1) values.push(to[i] as KeyPart);
  return values;
}

export function rangeCondition(shape: RangeShape, key: readonly string[]): string {
  const conditions = key.slice(0, shape.fixed).map(name => `${quote(name)} = ?`);
  const lower = key.slice(shape.fixed, shape.fromLength);
  const upper = key.slice(shape.fixed, shape.toLength);
  if (lower.length > 0) conditions.push(compareRow(lower, '>='));
  if (upper.length > 0) conditions.push(compareRow(upper, '<='));
  return conditions.length === 0 ? 'TRUE' : conditions.join(' AND ');
}

export function compareRow(names: readonly string[], operator: string): string {
  const columns = names.map(quote).join(', ');
  const values = names.map(() => '?').join(', ');
  return names.length === 1 ? `${columns} ${operator} ?` : `(${columns}) ${operator} (${values})`;
}

function samePart(a: KeyPart | undefined, b: KeyPart | undefined): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return a === b;
}
