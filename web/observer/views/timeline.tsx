import { useMemo, useState } from 'react';
import { foldTimeline, isMoreThanWarning, type Incident } from '../../model/timeline.ts';
import { plural } from '../../model/format.ts';
import { timelineAt } from '../api/addresses.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { Heading } from '../parts/heading.tsx';
import { Incidents } from '../parts/incidents.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';

const SHOWN_AT_FIRST = 100;

/** Crashes and restarts, what people did here, and whatever else went wrong: the newest first. */
export function Timeline() {
  const { data, error } = usePolled(timelineAt);
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState(SHOWN_AT_FIRST);
  const incidents = useMemo(() => foldTimeline(data?.events ?? []), [data]);
  const [warnings, setWarnings] = useState(true);
  const matching = incidents
    .filter(incident => warnings || isMoreThanWarning(incident))
    .filter(incident => matches(incident, search.trim().toLowerCase()));
  return (
    <>
      <Heading title="Time line" about="of crashes and restarts" />
      <Problem error={error} />
      <div className="bar">
        <label>
          Search
          <input
            type="search"
            value={search}
            placeholder="name, reason, kind"
            onChange={event => setSearch(event.target.value)}
          />
        </label>
        <label>
          <input
            type="checkbox"
            checked={warnings}
            onChange={event => setWarnings(event.target.checked)}
          />
          Warnings too
        </label>
        <span className="hint" role="status">
          {plural(matching.length, 'incident')}
        </span>
      </div>
      <Panel title="Newest first" bare>
        {data === undefined ? (
          <p className="nothing">Asking the server …</p>
        ) : matching.length < incidents.length && matching.length === 0 ? (
          <p className="nothing">Nothing of what is kept matches.</p>
        ) : (
          <Incidents incidents={matching.slice(0, shown)} />
        )}
      </Panel>
      {matching.length > shown && (
        <div className="bar">
          <button type="button" onClick={() => setShown(shown + SHOWN_AT_FIRST)}>
            Show older ones
          </button>
        </div>
      )}
    </>
  );
}

function matches({ events, kind, process }: Incident, search: string): boolean {
  if (search === '') return true;
  const words = [kind, process?.name ?? '', process?.label ?? '', String(process?.pid ?? '')];
  const told = events.flatMap(({ text, reason }) => [text, reason ?? '']);
  return [...words, ...told].some(text => text.toLowerCase().includes(search));
}
