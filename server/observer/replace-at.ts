/** Puts a value in the place of a part of a state, for `sys.replaceState`. */

/**
 * @param path names of fields, indexes of lists, keys of maps; empty: the whole state
 * @returns the state: the same one, changed in place, unless it is replaced whole
 * @throws RangeError that says which step leads nowhere; TypeError for a part that must not change
 */
export function replaceAt(
  state: unknown,
  path: readonly (string | number)[],
  value: unknown,
): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  let place = state;
  for (const step of path.slice(0, -1)) place = partAt(place, step);
  partAt(place, last);
  if (place instanceof Map) place.set(keyIn(place, last), value);
  else (place as Record<string | number, unknown>)[last] = value;
  return state;
}

function partAt(place: unknown, step: string | number): unknown {
  if (place instanceof Map) {
    const key = keyIn(place, step);
    if (place.has(key)) return place.get(key);
  } else if (typeof place === 'object' && place !== null && Object.hasOwn(place, step)) {
    return (place as Record<string | number, unknown>)[step];
  }
  throw new RangeError(`there is no ${JSON.stringify(step)} at that place of the state`);
}

/** JSON's keys are texts; a map's may be numbers. */
function keyIn(map: ReadonlyMap<unknown, unknown>, step: string | number): unknown {
  return map.has(step) || step === '' ? step : Number(step);
}
