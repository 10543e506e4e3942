import { useState } from 'react';
import type { SupervisorView, TreeNode } from '../../../protocol/observer.ts';
import { formatCount } from '../../model/format.ts';
import { titleOf } from '../../model/describe-entry.ts';
import { treeAt } from '../api/addresses.ts';
import { useAct } from '../hooks/use-act.ts';
import { usePolled } from '../hooks/use-polled.ts';
import { Badge } from './badge.tsx';
import { DataTable, type Column } from './data-table.tsx';
import { Dialog } from './dialog.tsx';
import { Pager, ROWS_PER_PAGE } from './pager.tsx';
import { Panel } from './panel.tsx';
import { Confirm } from './process-actions.tsx';
import { ProcessLink } from './process-link.tsx';

type ChildAction = 'terminate_child' | 'restart_child' | 'delete_child';

interface ChildrenPanelProps {
  readonly pid: number;
  readonly supervisor: SupervisorView;
}

/** A supervisor's children, and what a person may do with them. */
export function ChildrenPanel({ pid, supervisor }: ChildrenPanelProps) {
  const [offset, setOffset] = useState(0);
  const [ending, setEnding] = useState<TreeNode>();
  const { data } = usePolled(treeAt({ root: pid, offset, limit: ROWS_PER_PAGE }));
  const { act, busy, outcome, failed } = useAct(pid);
  const close = (): void => setEnding(undefined);
  const name = (node: TreeNode): string | number | null => node.id ?? node.pid;
  const childAct = (action: ChildAction, node: TreeNode, done: string): void => {
    const id = name(node);
    if (id !== null) act(action, { id }, `${titleOf(node)}: ${done}`);
  };

  const doing: Column<TreeNode> = {
    id: 'doing',
    head: 'Do',
    cell: node =>
      node.status === 'down' ? (
        <span className="bar">
          <button
            type="button"
            disabled={busy}
            onClick={() => childAct('restart_child', node, 'started again.')}
          >
            Start
          </button>
          <button
            type="button"
            disabled={busy}
            onClick={() => childAct('delete_child', node, 'its spec is deleted.')}
          >
            Delete
          </button>
        </span>
      ) : (
        <button
          type="button"
          disabled={busy || name(node) === null}
          onClick={() => setEnding(node)}
        >
          Terminate …
        </button>
      ),
  };
  return (
    <Panel title="Children" aside={`${formatCount(supervisor.children)} in start order`} bare>
      <DataTable
        caption="Children"
        columns={[...columns, doing]}
        rows={data?.children ?? []}
        rowKey={node => `${node.id ?? ''}/${node.pid ?? ''}`}
        empty={data === undefined ? 'Asking the server …' : 'It has no children.'}
      />
      <div className="inside stack">
        <p className={failed ? 'bad' : 'hint'} role="status">
          {outcome}
        </p>
        <Pager offset={offset} matched={data?.total ?? 0} onOffset={setOffset} />
      </div>
      {ending !== undefined && (
        <Dialog label="Terminate a child" onClose={close}>
          <Confirm
            title={`Terminate ${titleOf(ending)}?`}
            text="The supervisor ends it in good order and does not start it again by itself. A child with an id can be started again here."
            button="Terminate"
            onClose={close}
            onDo={() => childAct('terminate_child', ending, 'terminated.')}
          />
        </Dialog>
      )}
    </Panel>
  );
}

const columns: readonly Column<TreeNode>[] = [
  {
    id: 'child',
    head: 'Child',
    clip: true,
    cell: (node, focus) =>
      node.pid === null ? (
        titleOf(node)
      ) : (
        <ProcessLink of={{ ...node, pid: node.pid, name: titleOf(node) }} focus={focus} />
      ),
  },
  { id: 'type', head: 'Type', cell: ({ type }) => type },
  { id: 'restart', head: 'Restart', cell: ({ restart }) => restart },
  {
    id: 'shutdown',
    head: 'Shutdown',
    number: true,
    cell: ({ shutdown }) => (typeof shutdown === 'number' ? `${shutdown} ms` : shutdown),
  },
  {
    id: 'status',
    head: 'Status',
    cell: ({ status, significant }) => (
      <>
        <Badge tone={status === 'running' ? 'good' : 'warn'}>{status}</Badge>{' '}
        {significant && <Badge>significant</Badge>}
      </>
    ),
  },
  { id: 'restarts', head: 'Own restarts', number: true, cell: ({ restarts }) => restarts ?? '–' },
];
