/** Reading what a callback returned. */

export function isTuple(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** True when what stands at that place of a result, if anything does, says what comes after. */
export function endsWell(result: readonly unknown[], place: number): boolean {
  return result.length === place || (result.length === place + 1 && isAfter(result[place]));
}

function isAfter(value: unknown): boolean {
  if (typeof value === 'number') return value >= 0;
  if (value === 'hibernate' || value === 'infinity') return true;
  if (isTuple(value)) return value.length === 2 && value[0] === 'continue';
  return typeof value === 'object' && value !== null && 'continue' in value;
}

/** The value of `['continue', value]` or `{ continue: value }`. */
export function continuation(after: unknown): unknown {
  return isTuple(after) ? after[1] : (after as { readonly continue: unknown }).continue;
}
