import { WINDOW_LIMIT } from '../../../protocol/observer.ts';
import { formatCount } from '../../model/format.ts';

export const ROWS_PER_PAGE = 50;

interface PagerProps {
  readonly offset: number;
  /** How many there are in all. */
  readonly matched: number;
  readonly onOffset: (offset: number) => void;
}

/** From page to page of a long list. Past the server's window people search instead. */
export function Pager({ offset, matched, onOffset }: PagerProps) {
  const end = Math.min(matched, WINDOW_LIMIT);
  const last = Math.max(0, Math.ceil(end / ROWS_PER_PAGE) - 1) * ROWS_PER_PAGE;
  const to = Math.min(offset + ROWS_PER_PAGE, matched);
  return (
    <nav className="bar" aria-label="Pages">
      <button type="button" disabled={offset === 0} onClick={() => onOffset(0)}>
        First
      </button>
      <button
        type="button"
        disabled={offset === 0}
        onClick={() => onOffset(Math.max(0, offset - ROWS_PER_PAGE))}
      >
        Previous
      </button>
      <button
        type="button"
        disabled={offset >= last}
        onClick={() => onOffset(offset + ROWS_PER_PAGE)}
      >
        Next
      </button>
      <span className="hint">
        {matched === 0
          ? 'none'
          : `${formatCount(offset + 1)}–${formatCount(to)} of ${formatCount(matched)}`}
        {matched > WINDOW_LIMIT &&
          `; the first ${formatCount(WINDOW_LIMIT)} of an order can be paged through, others are found by searching`}
      </span>
    </nav>
  );
}
