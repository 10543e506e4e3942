/** The addresses of the observer API, each with the type of its answer: see protocol/observer.ts. */
import {
  PAGE_LIMIT,
  type ChildRequest,
  type ExitRequest,
  type ReplaceStateRequest,
  type SendRequest,
  type SwitchRequest,
  type TraceRequest,
  type CodeAnswer,
  type DoneAnswer,
  type EventsAnswer,
  type IsolatesAnswer,
  type ObservedPid,
  type ProcessAction,
  type ProcessesAnswer,
  type ProcessSort,
  type ProcessView,
  type RegistryAnswer,
  type RegistryKind,
  type SocketsAnswer,
  type SocketSort,
  type SystemAnswer,
  type TableRowsAnswer,
  type TablesAnswer,
  type TraceAnswer,
  type TreeAnswer,
} from '../../../protocol/observer.ts';

declare const answered: unique symbol;

/** Where a `T` is answered, below OBSERVER_API. */
export type Address<T> = string & { readonly [answered]: T };

type Query = Readonly<Record<string, string | number | undefined>>;

/** What every list takes. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}

export interface Search extends Page {
  readonly q: string;
}

export const systemAt = (after?: number): Address<SystemAnswer> => at('system', { after });

/** `system` with the whole history: the session asks only for what is new and puts it together. */
export const overviewAt = systemAt();

export const isolatesAt: Address<IsolatesAnswer> = at('isolates');

export const treeAt = (page: Page & { readonly root?: ObservedPid }): Address<TreeAnswer> =>
  at('tree', { ...page });

export const processesAt = (
  search: Search & { readonly sort: ProcessSort; readonly isolate: string },
): Address<ProcessesAnswer> => at('processes', { ...search });

export const processAt = (pid: ObservedPid): Address<ProcessView> => at(`process/${pid}`);

export const traceAt = (pid: ObservedPid): Address<TraceAnswer> => at(`process/${pid}/trace`);

/** What each action is told with its address. */
export interface ActionBodies {
  readonly trace: TraceRequest;
  readonly stop_trace: object;
  readonly suspend: object;
  readonly resume: object;
  readonly send: SendRequest;
  readonly exit: ExitRequest;
  readonly replace_state: ReplaceStateRequest;
  readonly log: SwitchRequest;
  readonly statistics: SwitchRequest;
  readonly terminate_child: ChildRequest;
  readonly restart_child: ChildRequest;
  readonly delete_child: ChildRequest;
}

export const actionAt = (pid: ObservedPid, action: ProcessAction): Address<DoneAnswer> =>
  at(`process/${pid}/${action}`);

export const registryAt = (
  search: Search & { readonly kind: RegistryKind | undefined; readonly registry: string },
): Address<RegistryAnswer> => at('registry', { ...search });

export const tablesAt: Address<TablesAnswer> = at('tables');

export const tableRowsAt = (
  shard: number,
  table: string,
  page: { readonly after: string | undefined; readonly limit: number },
): Address<TableRowsAnswer> => at(`tables/${shard}/${encodeURIComponent(table)}`, page);

export const socketsAt = (search: Search & { readonly sort: SocketSort }): Address<SocketsAnswer> =>
  at('sockets', { ...search });

/** Without `after` the newest ones. */
export const eventsAt = (query: {
  readonly after: number | undefined;
  readonly limit: number;
}): Address<EventsAnswer> => at('events', query);

/** `events`, all that are known: put together as `overviewAt` is. */
export const timelineAt = eventsAt({ after: undefined, limit: PAGE_LIMIT });

export const codeAt: Address<CodeAnswer> = at('code');

function at<T>(path: string, query: Query = {}): Address<T> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return (text === '' ? path : `${path}?${text}`) as Address<T>;
}
