/** How many rows PageUp and PageDown take. */
const PAGE = 10;

/** Which of `count` rows the key leads to from row `at`; undefined for a key that leads nowhere. */
export function moved(key: string, at: number, count: number): number | undefined {
  const to = target(key, at, count);
  return to === undefined ? undefined : Math.max(0, Math.min(count - 1, to));
}

function target(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return at - 1;
    case 'PageDown':
      return at + PAGE;
    case 'PageUp':
      return at - PAGE;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
