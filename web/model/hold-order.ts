/**
 * Rows in the order that they had: who points at a row or has the keyboard on it must not find another one there a second
 * later. New rows come at the end, rows that are gone leave.
 */
export function holdOrder<Row>(
  order: readonly (string | number)[],
  rows: readonly Row[],
  key: (row: Row) => string | number,
): readonly Row[] {
  const place = new Map(order.map((known, index) => [known, index]));
  const placeOf = (row: Row): number => place.get(key(row)) ?? order.length;
  return [...rows].sort((one, other) => placeOf(one) - placeOf(other));
}
