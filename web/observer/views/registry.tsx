import { useState } from 'react';
import type {
  RegistryAnswer,
  RegistryEntry,
  RegistryKind,
  RegistryView,
} from '../../../protocol/observer.ts';
import { formatCount, plural } from '../../model/format.ts';
import { registryAt } from '../api/addresses.ts';
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

/** What is listed: everything, the names, the keys of all registries, or of one. */
interface Choice {
  readonly kind: RegistryKind | undefined;
  readonly registry: string;
}

const EVERYTHING: Choice = { kind: undefined, registry: '' };

/** Registered names and the keys of registries, from a to z; each leads to its process. */
export function Registry() {
  const { text, setText, q, offset, setOffset } = useSearch();
  const [choice, setChoice] = useState(EVERYTHING);
  const { data, error } = usePolled(registryAt({ q, ...choice, offset, limit: ROWS_PER_PAGE }));
  const choose = (chosen: Choice): void => {
    setChoice(chosen);
    setOffset(0);
  };
  return (
    <>
      <Heading title="Registry" about={data === undefined ? undefined : aboutOf(data)} />
      <Problem error={error} />
      {data !== undefined && <Unanswered of={data.unanswered} what="Isolate" />}
      <div className="bar">
        <SearchField text={text} onText={setText} placeholder="name, key, label or pid" />
        {data !== undefined && data.registries.length > 0 && (
          <Choose from={data.registries} choice={choice} onChoice={choose} />
        )}
      </div>
      {data !== undefined && data.registries.length > 0 && (
        <Panel title="Registries" bare>
          <DataTable
            caption="Registries"
            columns={registryColumns}
            rows={data.registries}
            rowKey={({ pid }) => pid}
            empty=""
          />
        </Panel>
      )}
      <Panel title="Names and keys" bare>
        {data === undefined ? (
          <p className="nothing sitting">Asking the server …</p>
        ) : (
          <DataTable
            caption="Names and keys"
            columns={data.registries.length > 0 ? [...nameColumns, ...keyColumns] : nameColumns}
            rows={numbered(data.entries)}
            rowKey={({ id }) => id}
            empty={q === '' ? 'Nothing is registered.' : 'No name or key matches.'}
          />
        )}
      </Panel>
      <Pager offset={offset} matched={data?.matched ?? 0} onOffset={setOffset} />
    </>
  );
}

const aboutOf = ({ total, matched }: RegistryAnswer): string =>
  matched === total
    ? plural(total, 'name or key', 'names and keys')
    : `${formatCount(matched)} of ${plural(total, 'name or key', 'names and keys')}`;

interface ChooseProps {
  readonly from: readonly RegistryView[];
  readonly choice: Choice;
  readonly onChoice: (choice: Choice) => void;
}

/** Registries of several isolates that have one name are one choice. */
function Choose({ from, choice, onChoice }: ChooseProps) {
  const names = [...new Set([...from.map(({ name }) => name), choice.registry])].filter(
    name => name !== '',
  );
  return (
    <label>
      Show
      <select
        value={choice.registry === '' ? (choice.kind ?? 'everything') : `in ${choice.registry}`}
        onChange={({ target: { value } }) => {
          if (value.startsWith('in ')) onChoice({ kind: 'key', registry: value.slice(3) });
          else if (value === 'name' || value === 'key') onChoice({ kind: value, registry: '' });
          else onChoice(EVERYTHING);
        }}
      >
        <option value="everything">names and keys</option>
        <option value="name">registered names</option>
        <option value="key">keys of all registries</option>
        {names.map(name => (
          <option key={name} value={`in ${name}`}>
            keys in {name}
          </option>
        ))}
      </select>
    </label>
  );
}

interface EntryRow extends RegistryEntry {
  readonly id: string;
}

/** A process may be registered several times under one duplicate key. */
function numbered(entries: readonly RegistryEntry[]): readonly EntryRow[] {
  const seen = new Map<string, number>();
  return entries.map(entry => {
    const same = JSON.stringify([entry.registry, entry.key, entry.process.pid]);
    const times = seen.get(same) ?? 0;
    seen.set(same, times + 1);
    return { ...entry, id: `${same}${times}` };
  });
}

const nameColumns: readonly Column<EntryRow>[] = [
  {
    id: 'name',
    head: 'Name or key',
    clip: true,
    cell: ({ key, process }, focus) => <ProcessLink of={{ ...process, name: key }} focus={focus} />,
  },
  { id: 'label', head: 'Process', cell: ({ process }) => process.label },
  { id: 'isolate', head: 'Isolate', number: true, cell: ({ process }) => process.isolate },
  {
    id: 'pid',
    head: 'Pid',
    number: true,
    cell: ({ process }) => <span className="mono">{process.pid}</span>,
  },
];

const keyColumns: readonly Column<EntryRow>[] = [
  {
    id: 'registry',
    head: 'Registry',
    cell: ({ registry }) => registry ?? <span className="hint">registered name</span>,
  },
  { id: 'value', head: 'Value', clip: true, cell: ({ value }) => value },
];

const registryColumns: readonly Column<RegistryView>[] = [
  {
    id: 'name',
    head: 'Registry',
    clip: true,
    cell: ({ name, pid, isolate }, focus) => (
      <ProcessLink of={{ name, pid, isolate, label: 'registry' }} focus={focus} />
    ),
  },
  { id: 'keys', head: 'Keys', cell: ({ keys }) => keys },
  { id: 'total', head: 'Entries', number: true, cell: ({ total }) => formatCount(total) },
  { id: 'isolate', head: 'Isolate', number: true, cell: ({ isolate }) => isolate },
];
