import type { TraceEvent } from '../../../protocol/observer.ts';
import { formatTime } from '../../model/format.ts';
import { TermView } from './term-view.tsx';

/** What `sys` told of a process, oldest first. */
export function EventsTable({
  caption,
  events,
}: {
  readonly caption: string;
  readonly events: readonly TraceEvent[];
}) {
  if (events.length === 0) return <p className="nothing">Nothing has happened yet.</p>;
  return (
    <div className="sheet" tabIndex={0} role="group" aria-label={caption}>
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col" className="short">
              Time
            </th>
            <th scope="col" className="short">
              What
            </th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ n, at, what, term }) => (
            <tr key={n}>
              <td className="mono short">{formatTime(at)}</td>
              <td className="short">{what}</td>
              <td>
                {/* Of what came in one wants to see what it is; a state is in every line. */}
                <TermView term={term} label={what} open={what === 'in'} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
