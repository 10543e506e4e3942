import type { CodeModule, CodeVersion } from '../../../protocol/observer.ts';
import { formatCount, formatShare, formatTime } from '../../model/format.ts';
import { codeAt } from '../api/addresses.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { Badge } from '../parts/badge.tsx';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Heading } from '../parts/heading.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { Unanswered } from '../parts/unanswered.tsx';

/** Which version of which module runs: current, old, and a canary's share. */
export function Code() {
  const { data, error } = usePolled(codeAt);
  return (
    <>
      <Heading title="Code versions" about="of modules that can be swapped while they run" />
      <Problem error={error} />
      {data !== undefined && <Unanswered of={data.unanswered} what="Isolate" />}
      <Panel title="Modules" bare>
        {data === undefined ? (
          <p className="nothing">Asking the server …</p>
        ) : (
          <DataTable
            caption="Modules"
            plain
            columns={columns}
            rows={data.modules ?? []}
            rowKey={({ isolate, name }) => `${isolate}/${name}`}
            empty={
              data.modules === null
                ? 'This server has no code server: its modules cannot be swapped.'
                : 'No module is loaded.'
            }
          />
        )}
      </Panel>
    </>
  );
}

const columns: readonly Column<CodeModule>[] = [
  { id: 'name', head: 'Module', cell: ({ name }) => <span className="mono">{name}</span> },
  { id: 'isolate', head: 'Isolate', number: true, cell: ({ isolate }) => isolate },
  { id: 'current', head: 'Current', cell: ({ current }) => <Version version={current} /> },
  { id: 'old', head: 'Old', cell: ({ old }) => (old === null ? '–' : <Version version={old} />) },
  {
    id: 'canary',
    head: 'Canary',
    cell: ({ canary }) =>
      canary === null ? (
        '–'
      ) : (
        <>
          <Badge tone="warn">{formatShare(canary.share)}</Badge> <Version version={canary} />
        </>
      ),
  },
];

function Version({ version }: { readonly version: CodeVersion }) {
  const { version: name, source, loadedAt, processes, crashes } = version;
  return (
    <>
      <span className="mono">{name}</span>{' '}
      <span className="hint">
        {formatCount(processes)} processes
        {crashes > 0 && `, ${formatCount(crashes)} crashes`}
        {source === null ? ', built in' : `, from ${source}`}
        {loadedAt !== null && ` at ${formatTime(loadedAt)}`}
      </span>
    </>
  );
}
