/** An entry of the tree in words: what a screen reader says of it. What stands in the line comes first. */
import type { Entry } from './tree.ts';
import { formatCount, plural } from './format.ts';

export function describeEntry(entry: Entry): string {
  if (entry.kind === 'gap') return 'not loaded yet';
  if (entry.kind === 'rest') return `${formatCount(entry.count)} more: search for them`;
  const { node } = entry;
  const supervisor = node.supervisor;
  return [
    titleOf(entry.node),
    node.status === 'running' ? node.type : `${node.type}, ${node.status}`,
    node.restart,
    supervisor === null ? null : supervisor.strategy,
    supervisor === null
      ? null
      : `${supervisor.restarts} of ${supervisor.intensity} restarts used in ${supervisor.period} s`,
    node.children === 0 ? null : plural(node.children, 'child', 'children'),
    node.queue === 0 ? null : plural(node.queue, 'message') + ' waiting',
  ]
    .filter(part => part !== null)
    .join(', ');
}

/** The shortest that tells one child from its siblings. */
export function titleOf({
  name,
  id,
  label,
  pid,
}: {
  readonly name: string | null;
  readonly id: string | number | null;
  readonly label: string | null;
  readonly pid: number | null;
}): string {
  return name ?? (id === null ? null : String(id)) ?? `${label ?? 'process'} ${pid ?? ''}`.trim();
}
