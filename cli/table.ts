/** A table for the terminal: columns, and nothing drawn between them. */
import Table from 'cli-table3';
import type { Colors } from './colors.ts';

/** The first column is of names, the others of figures. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  styles: Colors,
  gap = 2,
): string {
  const made = new Table({
    head: heads.map(head => styles.dim(head)),
    chars: BARE,
    style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [] },
    colAligns: heads.map((_, index) => (index === 0 ? 'left' : 'right')),
  });
  made.push(...rows.map(row => [...row]));
  // Behind the last column there is nothing to keep apart.
  return made.toString().replaceAll(/ +$/gm, '');
}

const BARE = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
} as const;
