/**
 * What a state holds itself, so that it can be put back when a `codeChange` has written into it and then failed.
 *
 * In Erlang no `code_change` can do that. Here it can, and the version that goes on would find the other one's state. What
 * lies deeper is not looked at: a state may lead to anything, also to what others have changed meanwhile.
 */

/** @returns puts back the entries of an array, a Map, a Set or any other object; of other values, and of bytes, there is nothing to do */
export function rememberEntries(value: unknown): () => void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value))
    return () => undefined;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = [...(value as unknown[])];
    return () => {
      if (!Object.isFrozen(value)) value.splice(0, value.length, ...items);
    };
  }
  if (value instanceof Map) return rememberCollection(value, ([key, item]) => value.set(key, item));
  if (value instanceof Set) return rememberCollection(value, item => value.add(item));
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return () => {
    for (const key of Object.keys(value)) if (!(key in fields)) Reflect.deleteProperty(value, key);
    // What computes its own value, or cannot be written, is as it was.
    for (const [key, field] of Object.entries(fields)) Reflect.set(value, key, field);
  };
}

function rememberCollection<Item>(
  collection: Iterable<Item> & { clear(): void },
  add: (item: Item) => unknown,
): () => void {
  const items = [...collection];
  return () => {
    collection.clear();
    for (const item of items) add(item);
  };
}
