/** A table for the terminal: columns, and nothing drawn between them. */
import Table from 'cli-table3';
import type { Colors } from './observe/colors.ts';

/** The first column is of names, the others of figures. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  styles: Colors,
): string {
  const made = new Table({
    head: heads.map(head => styles.dim(head)),
    chars: BARE,
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
    colAligns: heads.map((_, index) => (index === 0 ? 'left' : 'right')),
  });
  made.push(...rows.map(row => [...row]));
  return made.toString();
}

const BARE = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
} as const;
