/** What the fake server says: 100,000 mailboxes in one isolate, one of them poisoned, and a state machine. */
import type {
  CodeAnswer,
  EventsAnswer,
  IsolatesAnswer,
  IsolateSummary,
  ObservedEvent,
  ProcessesAnswer,
  ProcessRef,
  ProcessRow,
  ProcessView,
  RegistryAnswer,
  RegistryEntry,
  Sample,
  SocketsAnswer,
  SupervisorView,
  SystemAnswer,
  TableRowsAnswer,
  TablesAnswer,
  TableView,
  Term,
  TraceAnswer,
  TreeAnswer,
  TreeNode,
} from '../../protocol/observer.ts';

export const MAILBOXES = 100_000;
const startedAt = Date.now() - 3_723_000;

/** Pids as the runtime makes them: a serial and the isolate. */
const pid = (serial: number, isolate: number): number => serial * 1_024 + isolate;

export const pids = {
  top: pid(1, 0),
  root: pid(2, 0),
  isolates: pid(3, 0),
  isolate: pid(4, 0),
  gateway: pid(5, 0),
  tree: pid(2, 1),
  mailboxes: pid(3, 1),
  store: pid(4, 1),
  machine: pid(5, 1),
  gone: pid(6, 1),
} as const;

const mailboxPid = (index: number): number => pid(1_000 + index, 1);
const mailboxName = (index: number): string => `mailbox.user${String(index).padStart(6, '0')}`;

function nameOfMailbox(wanted: number): string | undefined {
  const index = (wanted - mailboxPid(0)) / 1_024;
  return index >= 0 && index < MAILBOXES ? mailboxName(Math.floor(index)) : undefined;
}

/** Undefined where there is nothing. */
export function answerOf(path: string, query: URLSearchParams): object | undefined {
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  const q = query.get('q') ?? '';
  const [first, second, third] = path.split('/');
  switch (first) {
    case 'system':
      return system(Number(query.get('after') ?? 0));
    case 'isolates':
      return isolates();
    case 'tree':
      return tree(Number(query.get('root') ?? pids.top), offset, limit);
    case 'processes':
      return processes(q, offset, limit, query.get('sort') ?? 'queue');
    case 'registry':
      return registry(Object.fromEntries(query), q, offset, limit);
    case 'process':
      return third === 'trace' ? trace() : processView(Number(second));
    case 'tables':
      if (second === undefined) return tables;
      return Number(second) < tables.shards ? rows(query.get('after')) : undefined;
    case 'sockets':
      return sockets;
    case 'events':
      return events(Number(query.get('after') ?? 0));
    case 'code':
      return code;
    default:
      return undefined;
  }
}

// --- system, isolates

function sample(at: number, isolate: number): Sample {
  const wave = 1 + Math.sin(at / 20_000 + isolate) / 2;
  return {
    at,
    tookMs: 1_000,
    processes: isolate === 0 ? 12 : MAILBOXES + 60,
    heapBytes: (40 + 60 * isolate) * 2 ** 20 * wave,
    externalBytes: 8 * 2 ** 20,
    lagMs: { p50: 0.4 * wave, p99: 3.1 * wave, max: 9 * wave },
    busy: 0.3 * wave,
    messages: 12_000 * wave * (isolate + 0.2),
    accepted: isolate * 4_100 * wave,
    pushed: isolate * 6_900 * wave,
    sessions: isolate * 812,
    restarts: isolate * 3,
    ...(isolate === 0
      ? { gateway: { sockets: 812, framesIn: 900, framesOut: 950, bytesIn: 9e4, bytesOut: 1e5 } }
      : {}),
  };
}

const summary = (isolate: number, now: number): IsolateSummary => ({
  isolate,
  role: isolate === 0 ? 'main' : 'shards',
  startedAt,
  answers: true,
  last: sample(now, isolate),
});

function system(after: number): SystemAnswer {
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const from = Math.max(now - 240_000, after);
  const samples = (isolate: number): Sample[] =>
    Array.from({ length: (now - from) / 1_000 }, (_, index) =>
      sample(from + (index + 1) * 1_000, isolate),
    );
  return {
    now,
    startedAt,
    version: '0.1.0',
    node: '20.20.2',
    platform: 'linux x64',
    processors: 2,
    residentBytes: 312 * 2 ** 20,
    shards: 1,
    isolates: [summary(0, now), summary(1, now)],
    history: [0, 1].map(isolate => ({ isolate, samples: samples(isolate) })),
    lastEvent: 6,
  };
}

function isolates(): IsolatesAnswer {
  const now = Date.now();
  const view = (isolate: number) => ({
    ...summary(isolate, now),
    shards: isolate === 0 ? [] : [0],
    names: isolate === 0 ? 9 : MAILBOXES + 40,
    connected: [1 - isolate],
    labels: [
      { label: 'session', turns: 91_000, messages: 812_000, micros: 12_400_000 },
      { label: 'mailbox', turns: 71_000, messages: 610_000, micros: 7_400_000 },
      { label: 'store', turns: 9_100, messages: 81_000, micros: 6_100_000 },
    ],
  });
  return { isolates: [view(0), view(1)], unanswered: [] };
}

// --- the tree

const supervisorView = (children: number, restarts = 0): SupervisorView => ({
  strategy: 'one_for_one',
  intensity: 100,
  period: 10,
  intensityPer: 'supervisor',
  autoShutdown: 'never',
  restarts,
  children,
});

function node(pidOf: number, id: string | null, extra: Partial<TreeNode> = {}): TreeNode {
  return {
    pid: pidOf,
    isolate: pidOf % 1_024,
    status: 'running',
    id,
    name: id,
    label: null,
    type: 'worker',
    restart: 'permanent',
    shutdown: 5_000,
    significant: false,
    restarts: null,
    queue: 0,
    children: 0,
    supervisor: null,
    ...extra,
  };
}

const branch = (pidOf: number, id: string, children: number, restarts = 0): TreeNode =>
  node(pidOf, id, {
    type: 'supervisor',
    shutdown: 'infinity',
    children,
    supervisor: supervisorView(children, restarts),
  });

const mailboxNode = (index: number): TreeNode =>
  node(mailboxPid(index), null, {
    name: mailboxName(index),
    label: 'mailbox',
    restart: 'transient',
    restarts: index === 3 ? 2 : 0,
  });

/** Each supervisor with its children; the mailboxes are made as they are asked for. */
const nodes: Readonly<Record<number, readonly [TreeNode, readonly TreeNode[]]>> = (() => {
  const store = node(pids.store, 'store.0', { label: 'store' });
  const machine = node(pids.machine, 'machine', { label: 'door' });
  const mailboxes = branch(pids.mailboxes, 'mailboxes', MAILBOXES, 3);
  const isolateTree = branch(pids.tree, 'isolate', 3);
  const owner = node(pids.isolate, 'isolate.1', { label: 'isolate', children: 1 });
  const isolatesNode = branch(pids.isolates, 'isolates', 1, 1);
  const gateway = node(pids.gateway, 'gateway', { label: 'gateway' });
  const root = branch(pids.root, 'root', 2);
  const top = branch(pids.top, 'strowger', 1);
  return {
    [pids.top]: [top, [root]],
    [pids.root]: [root, [isolatesNode, gateway]],
    [pids.isolates]: [isolatesNode, [owner]],
    [pids.isolate]: [owner, [isolateTree]],
    [pids.tree]: [isolateTree, [store, machine, mailboxes]],
    [pids.mailboxes]: [mailboxes, []],
  };
})();

function tree(root: number, offset: number, limit: number): TreeAnswer | undefined {
  const known = nodes[root];
  if (known === undefined) return undefined;
  const [of, children] = known;
  if (root !== pids.mailboxes) {
    return {
      node: of,
      offset,
      total: children.length,
      children: children.slice(offset, offset + limit),
    };
  }
  const count = Math.min(limit, MAILBOXES - offset);
  return {
    node: of,
    offset,
    total: MAILBOXES,
    children: Array.from({ length: count }, (_, index) => mailboxNode(offset + index)),
  };
}

// --- processes, names

const mailboxRow = (index: number): ProcessRow => ({
  pid: mailboxPid(index),
  isolate: 1,
  name: mailboxName(index),
  label: 'mailbox',
  status: 'idle',
  queue: index === 3 ? 17 : 0,
  callbacks: (index * 7_919) % 50_021,
  micros: (index * 104_729) % 1_000_003,
});

/** As the server does it: the one with the queue first, then as they come. */
function processes(q: string, offset: number, limit: number, sort: string): ProcessesAnswer {
  const all = Array.from({ length: MAILBOXES }, (_, index) => index);
  if (sort === 'queue') all.unshift(...all.splice(3, 1));
  const found = q === '' ? all : all.filter(index => mailboxName(index).includes(q));
  return {
    total: MAILBOXES,
    matched: found.length,
    offset,
    rows: found.slice(offset, offset + limit).map(mailboxRow),
    unanswered: [],
  };
}

/** Every mailbox has a name, and every third one a key. */
function registry(
  { kind, registry = '' }: Readonly<Record<string, string>>,
  q: string,
  offset: number,
  limit: number,
): RegistryAnswer {
  const { matched, rows } = processes(q, offset, limit, 'name');
  const entries = rows.map(({ pid, isolate, name, label }, index): RegistryEntry => {
    const isKey = kind === 'key' || (kind === undefined && index % 3 === 2);
    const process = { pid, isolate, name: isKey ? null : name, label };
    return isKey
      ? {
          registry: registry === '' ? 'lines' : registry,
          key: `["line",${index}]`,
          value: '"busy"',
          process,
        }
      : { registry: null, key: name ?? '', value: null, process };
  });
  const registries = [
    { isolate: 1, name: 'lines', keys: 'unique', pid: pids.store, total: MAILBOXES / 2 },
    { isolate: 1, name: 'topics', keys: 'duplicate', pid: pids.machine, total: 3 },
  ] as const;
  return { total: MAILBOXES, matched, offset, entries, registries, unanswered: [] };
}

// --- one process

/** Those without children. */
const leaves: Readonly<Record<number, string>> = {
  [pids.store]: 'store.0',
  [pids.machine]: 'machine',
  [pids.gateway]: 'gateway',
};

const number = (value: number): Term => ({ type: 'number', text: String(value) });

const state: Term = {
  type: 'object',
  text: 'Box {…}',
  parts: [
    { key: 'user', value: { type: 'string', text: '"user000003"' } },
    {
      key: 'rows',
      value: {
        type: 'array',
        text: '[2]',
        parts: [
          { key: '0', value: { type: 'bytes', text: '<200 bytes>' } },
          { key: '1', value: { type: 'bytes', text: '<81 bytes>' } },
        ],
      },
    },
    { key: 'upTo', value: number(42) },
  ],
  more: 2,
};

function processView(wanted: number): ProcessView | undefined {
  const known = nodes[wanted];
  const machine = wanted === pids.machine;
  const name = known?.[0].name ?? leaves[wanted] ?? nameOfMailbox(wanted);
  if (name === undefined) return undefined;
  return {
    pid: wanted,
    isolate: wanted % 1_024,
    name,
    label: machine ? 'door' : known === undefined ? 'mailbox' : 'supervisor',
    status: 'idle',
    queue: 2,
    callbacks: 48_120,
    micros: 912_000,
    behaviour: machine ? 'gen_statem' : known === undefined ? 'gen_server' : 'supervisor',
    parent: ref(pids.mailboxes, 'mailboxes'),
    registered: { total: 2, items: [{ registry: 'lines', key: '["line",3]' }] },
    ancestors: [ref(pids.mailboxes, 'mailboxes'), ref(pids.tree, 'isolate'), 'root'],
    trapExit: false,
    queueLimit: 10_000,
    links: { total: 1, items: [ref(pids.mailboxes, 'mailboxes')] },
    monitors: { total: 2, items: [ref(pids.store, 'store.0'), 'directory'] },
    monitoredBy: { total: 0, items: [] },
    messages: { total: 2, items: ['cast rows', 'call state'] },
    timers: { total: 1, items: [{ leftMs: 28_000, message: 'passivate' }] },
    lastMessage: 'cast ack',
    state: { value: state },
    supervisor: known?.[0].supervisor ?? null,
    statem: machine
      ? {
          value: {
            callbackMode: ['state_functions', 'state_enter'],
            state: { type: 'string', text: '"locked"' },
            data: { type: 'object', text: '{…}', parts: [{ key: 'tries', value: number(2) }] },
            timeouts: { type: 'array', text: '[0]' },
            postponed: { type: 'array', text: '[0]' },
          },
        }
      : null,
    log: null,
    statistics: null,
    lastCrash: crash,
    traced: machine,
  };
}

const ref = (pidOf: number, name: string | null): ProcessRef => ({
  pid: pidOf,
  isolate: pidOf % 1_024,
  name,
  label: null,
});

const trace = (): TraceAnswer => ({
  running: false,
  stopped: 'events',
  events: [
    { n: 1, at: startedAt, what: 'in', term: state },
    { n: 2, at: startedAt + 3, what: 'noreply', term: state },
  ],
});

// --- events

const event = (n: number, at: number, told: Partial<ObservedEvent>): ObservedEvent => ({
  n,
  at: startedAt + at,
  isolate: 1,
  kind: 'crash',
  text: 'told',
  process: null,
  supervisor: null,
  child: null,
  predecessor: null,
  reason: null,
  stack: null,
  ...told,
});

const crash = event(1, 0, {
  text: 'mailbox.user000003 crashed: TypeError: no such row',
  process: { ...ref(pids.gone, 'mailbox.user000003'), label: 'mailbox' },
  reason: 'TypeError: no such row',
  stack: 'TypeError: no such row\n    at handleCast (mailbox.ts:71:9)',
});

const told: readonly ObservedEvent[] = [
  crash,
  event(2, 1, {
    kind: 'child_terminated',
    text: 'mailboxes: mailbox.user000003 ended',
    process: crash.process,
    supervisor: ref(pids.mailboxes, 'mailboxes'),
    reason: crash.reason,
  }),
  event(3, 4, {
    kind: 'restarted',
    text: 'mailboxes: mailbox.user000003 is up again',
    process: ref(mailboxPid(3), 'mailbox.user000003'),
    supervisor: ref(pids.mailboxes, 'mailboxes'),
  }),
  event(4, 9_000, { kind: 'isolate_down', text: 'isolate 1 was silent for 2 s', isolate: 0 }),
  event(5, 9_300, { kind: 'isolate_up', text: 'isolate 1 is up', isolate: 0 }),
  event(6, 20_000, {
    kind: 'action',
    text: 'exit kill was sent',
    process: ref(pids.store, 'store.0'),
  }),
];

const events = (after: number): EventsAnswer => ({
  events: told.filter(({ n }) => n > after),
  last: told.length,
});

// --- tables, sockets

const table: TableView = {
  shard: 0,
  isolate: 1,
  name: 'mailbox_rows',
  type: 'ordered_set',
  storage: 'disc_copies',
  columns: [
    { name: 'device', type: 'text', null: false },
    { name: 'n', type: 'integer', null: false },
    { name: 'body', type: 'blob', null: true },
  ],
  key: ['device', 'n'],
  indexes: [['device']],
  size: 10_000,
};

const tables: TablesAnswer = {
  shards: 1,
  tables: [table, { ...table, name: 'accounts', size: 812, key: ['user'], indexes: [] }],
  unanswered: [],
};

function rows(after: string | null): TableRowsAnswer {
  const from = Number(after ?? 0);
  return {
    table,
    rows: Array.from({ length: 50 }, (_, index) => [
      { type: 'string', text: '"user000003:1"' },
      number(from + index + 1),
      { type: 'bytes', text: `<${200 + index} bytes>` },
    ]),
    next: String(from + 50),
  };
}

const sockets: SocketsAnswer = {
  total: 2,
  matched: 2,
  offset: 0,
  rows: [0, 1].map(index => ({
    connection: index + 1,
    device: `user00000${index}:1`,
    address: '127.0.0.1',
    since: startedAt,
    bufferedBytes: index * 4_096,
    congested: index === 1,
    session: pid(900 + index, 1),
    isolate: 1,
  })),
};

const code: CodeAnswer = {
  modules: [
    {
      isolate: 1,
      name: 'mailbox',
      current: {
        version: '2',
        source: 'handlers/mailbox.ts',
        loadedAt: startedAt,
        processes: 99_000,
        crashes: 0,
      },
      old: { version: '1', source: null, loadedAt: null, processes: 0, crashes: 1 },
      canary: {
        version: '3',
        source: 'canary/mailbox.ts',
        loadedAt: startedAt,
        processes: 1_000,
        crashes: 3,
        share: 0.01,
      },
    },
  ],
  unanswered: [2],
};
