import { registryAt } from '../api/addresses.ts';
import type { RegistryAnswer } from '../../../protocol/observer.ts';
import { formatCount } from '../../model/format.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { useSearch } from '../hooks/use-search.ts';
import { DataTable, type Column } from '../parts/data-table.tsx';
import { Heading } from '../parts/heading.tsx';
import { Pager, ROWS_PER_PAGE } from '../parts/pager.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { ProcessLink } from '../parts/process-link.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Unanswered } from '../parts/unanswered.tsx';

type NameRow = RegistryAnswer['names'][number];

/** Registered names, from a to z. */
export function Registry() {
  const { text, setText, q, offset, setOffset } = useSearch();
  const { data, error } = usePolled(registryAt({ q, offset, limit: ROWS_PER_PAGE }));
  return (
    <>
      <Heading
        title="Registry"
        about={data === undefined ? undefined : `${formatCount(data.total)} names`}
      />
      <Problem error={error} />
      {data !== undefined && <Unanswered of={data.unanswered} what="Isolate" />}
      <div className="bar">
        <SearchField text={text} onText={setText} placeholder="name" />
      </div>
      <Panel title="Registered names" bare>
        {data === undefined ? (
          <p className="nothing sitting">Asking the server …</p>
        ) : (
          <DataTable
            caption="Registered names"
            columns={columns}
            rows={data.names}
            rowKey={({ isolate, name }) => `${isolate}/${name}`}
            empty="No name matches."
          />
        )}
      </Panel>
      <Pager offset={offset} matched={data?.matched ?? 0} onOffset={setOffset} />
    </>
  );
}

const columns: readonly Column<NameRow>[] = [
  {
    id: 'name',
    head: 'Name',
    clip: true,
    cell: (row, focus) => <ProcessLink of={row} focus={focus} />,
  },
  { id: 'label', head: 'Label', cell: ({ label }) => label },
  { id: 'isolate', head: 'Isolate', number: true, cell: ({ isolate }) => isolate },
  { id: 'pid', head: 'Pid', number: true, cell: ({ pid }) => <span className="mono">{pid}</span> },
];
