import { Link } from 'wouter';
import type { ProcessRef } from '../../../protocol/observer.ts';
import type { RowFocus } from './data-table.tsx';

/** What a process is called: its name, else what it is and its pid. */
export const processTitle = ({ name, label, pid }: ProcessRef): string =>
  name ?? `${label ?? 'process'} ${pid}`;

interface ProcessLinkProps {
  readonly of: ProcessRef | string;
  readonly focus?: RowFocus;
}

/** A link to a process's page; a name that nobody has is only a name. */
export function ProcessLink({ of, focus }: ProcessLinkProps) {
  if (typeof of === 'string') return <span>{of}</span>;
  return (
    <Link href={`/process/${of.pid}`} {...focus}>
      {processTitle(of)}
    </Link>
  );
}
