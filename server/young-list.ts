/**
 * Lists that are filled, handed on whole and replaced by an empty one, again and again.
 *
 * An empty list that waits while garbage is collected becomes an old object. Filled then and handed on it is garbage
 * itself, but only a collection of the old generation sees that: until then everything in it is taken for alive, copied
 * and made old, too. With a list per connection that was a quarter of all that the server allocated, and most of what
 * collecting it took. So the list is made anew with its first element, and lives no longer than that.
 */

/** @returns the list with the item: to be kept in the place of `list` */
export function withItem<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}
