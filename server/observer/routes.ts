/** The observer over HTTP: see protocol/observer.ts for what there is. */
import { availableParallelism } from 'node:os';
import { isPid, type Pid } from '../../actors/index.ts';
import {
  OBSERVER_API,
  processActions,
  processSorts,
  socketSorts,
  type CodeAnswer,
  type EventsAnswer,
  type IsolatesAnswer,
  type ProcessAction,
  type ProcessesAnswer,
  type ProcessView,
  type RegistryAnswer,
  type SocketsAnswer,
  type SystemAnswer,
  type TraceAnswer,
  type TreeAnswer,
} from '../../protocol/observer.ts';
import { z } from 'zod';
import { httpError, HttpProblem } from '../http/http-error.ts';
import type { HttpAnswer } from '../http/http-request.ts';
import type { RouteRequest, Router } from '../http/router.ts';
import { describeAction, readAction } from './actions.ts';
import { askAll, askAt, askOne, isolates } from './ask.ts';
import { findProcesses } from './find-processes.ts';
import { findRegistered } from './find-registered.ts';
import type { History } from './history.ts';
import { addPageRoutes } from './page-routes.ts';
import {
  listQuery,
  readQuery,
  registryQuery,
  requireWindow,
  treeQuery,
  wholeNumber,
} from './paging.ts';
import { listRows, listTables } from './table-routes.ts';
import type { Timeline } from './timeline.ts';
import { findTree } from './find-tree.ts';

export interface ObserverRouteServices {
  readonly history: History;
  readonly timeline: Timeline;
  readonly shards: number;
  readonly version: string;
  /** Writes into the log what a person has done. */
  readonly onNotice: (text: string) => void;
}

type Look = (request: RouteRequest, services: ObserverRouteServices) => unknown;

/** Requests that are being answered at a time; more are sent away. Each may look at every process. */
const AT_ONCE = 32;
const EVENTS_AT_ONCE = 500;
/** Whoever acts waits for the process itself. */
const ACT_WITHIN_MS = 4_000;
const PROCESS_WITHIN_MS = 2_500;

const looks: Readonly<Record<string, Look>> = {
  system,
  isolates: listIsolates,
  tree: ({ query }) => findTree(readQuery(treeQuery, query)) satisfies Promise<TreeAnswer>,
  processes,
  registry,
  sockets,
  events,
  code: listCode,
  tables: (_request, { shards }) => listTables(shards),
  'tables/:shard/:table': (request, { shards }) => listRows(request, shards),
  'process/:pid': oneProcess,
  'process/:pid/trace': readTrace,
};

export function addObserverRoutes(router: Router, services: ObserverRouteServices): void {
  addPageRoutes(router);
  let underWay = 0;
  const add = (method: 'GET' | 'POST', path: string, look: Look): void => {
    const handle = async (request: RouteRequest): Promise<HttpAnswer> => {
      if (underWay >= AT_ONCE) return httpError(503, 'unavailable', { retryAfterSeconds: 1 });
      underWay += 1;
      try {
        return { status: 200, body: await look(request, services), headers: NEVER_KEPT };
      } finally {
        underWay -= 1;
      }
    };
    router.route(method, `${OBSERVER_API}/${path}`, handle, { admin: true });
  };
  for (const [path, look] of Object.entries(looks)) add('GET', path, look);
  for (const action of processActions) {
    add('POST', `process/:pid/${action}`, (request, services) => act(action, request, services));
  }
}

/** What is true now is not true in a second, and is nobody else's business. */
const NEVER_KEPT = { 'cache-control': 'no-store' } as const;

const systemQuery = z.strictObject({ after: wholeNumber(0, 2 ** 53 - 1).default(0) });

function system(
  { query }: RouteRequest,
  { history, timeline, shards, version }: ObserverRouteServices,
): SystemAnswer {
  const { after } = readQuery(systemQuery, query);
  const now = Date.now();
  return {
    now,
    startedAt: Math.round(now - process.uptime() * 1_000),
    version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processors: availableParallelism(),
    residentBytes: process.memoryUsage.rss(),
    shards,
    isolates: history.isolates(),
    history: history.since(after),
    lastEvent: timeline.last,
  };
}

async function listIsolates(
  _request: RouteRequest,
  { history }: ObserverRouteServices,
): Promise<IsolatesAnswer> {
  const { answers, unanswered } = await askAll(isolates(), () => ({ kind: 'isolate' }));
  const looks = new Map(answers);
  return {
    isolates: history.isolates().map(summary => ({
      ...summary,
      ...(looks.get(summary.isolate) ?? { shards: [], names: 0, connected: [], labels: [] }),
    })),
    unanswered,
  };
}

const processesQuery = listQuery(processSorts, 'queue');

function processes({ query }: RouteRequest): Promise<ProcessesAnswer> {
  const { isolate, ...search } = requireWindow(readQuery(processesQuery, query));
  return findProcesses({ ...search, isolate });
}

function registry({ query }: RouteRequest): Promise<RegistryAnswer> {
  const { isolate, kind, registry, ...search } = requireWindow(readQuery(registryQuery, query));
  return findRegistered({ ...search, isolate, kind, registry });
}

const socketsQuery = listQuery(socketSorts, 'buffered');

async function sockets({ query }: RouteRequest): Promise<SocketsAnswer> {
  const { offset, limit, sort, q } = requireWindow(readQuery(socketsQuery, query));
  const first = offset + limit;
  const found = await askOne(0, { kind: 'sockets', sort, q: q.toLowerCase(), first });
  const { total, matched, top } = found;
  return { total, matched, offset, rows: top.slice(offset, first) };
}

const eventsQuery = z.strictObject({
  after: wholeNumber(0, 2 ** 53 - 1).optional(),
  limit: wholeNumber(1, EVENTS_AT_ONCE).default(200),
});

function events({ query }: RouteRequest, { timeline }: ObserverRouteServices): EventsAnswer {
  const { after, limit } = readQuery(eventsQuery, query);
  return timeline.read(after, limit);
}

async function listCode(): Promise<CodeAnswer> {
  const { answers, unanswered } = await askAll(isolates(), () => ({ kind: 'code' }));
  return { modules: answers.flatMap(([, modules]) => modules), unanswered };
}

async function oneProcess(
  { params }: RouteRequest,
  { timeline }: ObserverRouteServices,
): Promise<ProcessView> {
  const pid = pidOf(params['pid']);
  const view = await askAt(pid, { kind: 'process', pid }, PROCESS_WITHIN_MS);
  return { ...view, lastCrash: timeline.lastCrash(pid, view.name) };
}

const traceQuery = z.strictObject({ after: wholeNumber(0, 2 ** 31).default(0) });

function readTrace({ params, query }: RouteRequest): Promise<TraceAnswer> {
  const pid = pidOf(params['pid']);
  return askAt(pid, { kind: 'trace', pid, after: readQuery(traceQuery, query).after });
}

/** What a person does is told in the log and in the time line, once it is done. */
async function act(
  kind: ProcessAction,
  request: RouteRequest,
  { timeline, onNotice }: ObserverRouteServices,
): Promise<{ readonly ok: true }> {
  const pid = pidOf(request.params['pid']);
  const action = readAction(kind, await request.json());
  const [row] = await askAt(pid, { kind: 'rows', pids: [pid] });
  // What comes of it is later.
  const at = Date.now();
  await askAt(pid, { kind: 'act', pid, action }, ACT_WITHIN_MS);
  const who = row?.name ?? `${row?.label ?? 'process'} ${pid}`;
  const text = `observer: ${describeAction(action)} → ${who}`;
  onNotice(`${text}, asked for from ${request.address}`);
  timeline.add({
    at,
    isolate: row?.isolate ?? 0,
    kind: 'action',
    text,
    process:
      row === undefined ? null : { pid, isolate: row.isolate, name: row.name, label: row.label },
    supervisor: null,
    child: null,
    predecessor: null,
    reason: null,
    stack: null,
  });
  return { ok: true };
}

/** @throws HttpProblem for what is no pid */
function pidOf(text: string | undefined): Pid {
  const pid = Number(text);
  if (isPid(pid)) return pid;
  throw new HttpProblem(
    httpError(400, 'bad_field', {
      field: 'pid',
      message: `pid: ${JSON.stringify(text)} is no pid: it is a number of 1,024 or more.`,
    }),
  );
}
