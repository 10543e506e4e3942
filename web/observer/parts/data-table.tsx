import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { moved } from '../../model/moved.ts';

/** What a row's link or button takes, so that the arrow keys find it and Tab meets the table once. */
export interface RowFocus {
  readonly tabIndex: 0 | -1;
  readonly 'data-row': true;
}

export interface Column<Row> {
  readonly id: string;
  readonly head: string;
  readonly number?: boolean;
  /** Cut off with an ellipsis where it is long. */
  readonly clip?: boolean;
  /** Whether the table can be in this order. */
  readonly sortable?: boolean;
  /** The cell; `focus` is for the one link or button of the row that opens it. */
  readonly cell: (row: Row, focus: RowFocus) => ReactNode;
}

interface DataTableProps<Row> {
  /** What it holds, for a screen reader. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string | number;
  readonly sort?: { readonly by: string; readonly descending: boolean };
  readonly onSort?: (column: string) => void;
  /** Whether no row has a link or button: then the keyboard scrolls the table itself. */
  readonly plain?: boolean;
  /** Instead of rows. */
  readonly empty: string;
}

/** A table with sortable heads; the arrow keys go from row to row, Home and End to the first and the last. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, sort, onSort, plain = false, empty } = props;
  const [current, setCurrent] = useState<string | number>();
  const reachable = rows.some(row => rowKey(row) === current) ? current : undefined;

  const onKeyDown = (event: KeyboardEvent<HTMLTableSectionElement>): void => {
    const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')];
    const at = stops.findIndex(stop => stop.closest('tr')?.contains(document.activeElement));
    const next = at === -1 ? undefined : moved(event.key, at, stops.length);
    if (next === undefined) return;
    event.preventDefault();
    const row = rows[next];
    if (row !== undefined) setCurrent(rowKey(row));
    stops[next]?.focus();
  };

  if (rows.length === 0) return <p className="nothing">{empty}</p>;
  return (
    <div
      className="sheet"
      {...(plain ? { tabIndex: 0, role: 'group', 'aria-label': caption } : {})}
    >
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(column => (
              <Head key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={onKeyDown}>
          {rows.map((row, index) => {
            const key = rowKey(row);
            const first = reachable === undefined && index === 0;
            const focus = {
              tabIndex: first || key === reachable ? 0 : -1,
              'data-row': true,
            } as const;
            return (
              <tr key={key}>
                {columns.map(column => (
                  <td key={column.id} className={classOf(column)}>
                    {column.cell(row, focus)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sort: DataTableProps<Row>['sort'];
  readonly onSort: DataTableProps<Row>['onSort'];
}) {
  const className = classOf(column);
  if (column.sortable !== true) {
    return (
      <th scope="col" className={className}>
        {column.head}
      </th>
    );
  }
  const order = sort?.by !== column.id ? 'none' : sort.descending ? 'descending' : 'ascending';
  const arrow = { none: '\u2003\u2002', ascending: '\u2002↑\u2002', descending: '\u2002↓\u2002' }[
    order
  ];
  return (
    <th scope="col" className={className} aria-sort={order}>
      <button type="button" onClick={() => onSort?.(column.id)}>
        {column.head}
        <span aria-hidden="true">{arrow}</span>
      </button>
    </th>
  );
}

function classOf<Row>({ number, clip }: Column<Row>): string | undefined {
  if (number === true) return 'number';
  return clip === true ? 'clip' : undefined;
}
