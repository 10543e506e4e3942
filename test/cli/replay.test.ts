/** `serve --crashes` and `strowger replay`: a crash is kept, runs again, and a mended handler is proved on it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { jsonLines, Workplace } from './strowger.ts';

let place: Workplace;

t.beforeEach(() => {
  place = new Workplace();
});
t.afterEach(async () => {
  await place.end();
});

/** Starts a server with these handlers that keeps its crashes, and makes two users. */
async function serve(): Promise<void> {
  const flags = ['--port', '0', '--data', 'data', '--handlers', 'handlers', '--crashes', 'crashes'];
  const server = place.start(['serve', ...flags, '--log-level', 'error']);
  const [ready] = await server.hasPrinted(1);
  const url = ready?.replace('ready ', '') ?? '';
  for (const name of ['alice', 'bob'])
    await place.run(['register', '--server', url, '--handle', name, '--home', name]);
}

const crashes = (): string[] =>
  readdirSync(place.path('crashes')).map(name => place.path(join('crashes', name)));

const send = (text: string) =>
  place.run(['send', '--home', 'alice', '--to', 'bob', '--body', text, '--timeout', '20']);

/** A handler that cannot take long messages; mended it can. */
const handler = (length: string): string => `
import { builtin } from 'strowger/server';
import type { PacketHandler } from 'strowger/server';

const send: PacketHandler<'send'> = (state, packet) => {
  const table: { of: Map<string, number> } | undefined = packet.kind === 'send' && packet.body.length > 100 ? undefined : { of: new Map() };
  if (table${length}.of === undefined) return builtin.send(state, packet);
  builtin.send(state, packet);
};
export default send;
`;

void t.test(
  'a handler that crashes: the step crashes again, and passes with the mended one',
  async t => {
    place.write('handlers/send.ts', handler(''));
    place.write('mended/send.ts', handler('?'));
    await serve();
    t.equal((await send('short')).code, 0);
    t.equal(
      (await send('x'.repeat(300))).code,
      0,
      'the bad version is taken back, nothing is lost',
    );
    const [file = ''] = crashes();
    t.equal(statSync(file).mode & 0o777, 0o600);

    const again = await place.run(['replay', file]);
    t.equal(again.code, 1, again.stderr);
    t.match(again.stdout, /^session \(\d+\) crashed in handleInfo at .*: TypeError: /);
    t.match(again.stdout, /The step crashes as it did\.\nTypeError: /);
    t.match(again.stdout, /at send \(.*handlers\/send\.ts:7:\d+\)/, 'with the line of the source');

    const mended = await place.run(['replay', file, '--handlers', 'mended']);
    t.equal(mended.code, 0, mended.stderr);
    t.match(mended.stdout, /send to store\.0: .*"kind":"decide".*\nThe step passes now\./);
    t.match(mended.stdout, /state sending\.underWay: 0 -> 1/);
    t.notMatch(mended.stdout, /\.tag:/, 'how the replay itself counts is no change');

    const json = await place.run(['replay', file, '--handlers', 'mended', '--json']);
    t.match(jsonLines(json.stdout), [{ verdict: 'passes', outcome: { kind: 'passed' } }]);

    place.write(
      'worse/send.ts',
      `export default (_state, { body }) => {
  if (body?.length > 100) throw new RangeError('worse');
};
`,
    );
    const worse = await place.run(['replay', file, '--handlers', 'worse']);
    t.equal(worse.code, 3, worse.stderr);
    t.match(worse.stdout, /The step crashes otherwise: RangeError: worse/);

    place.write('endless/send.ts', 'export default () => {\n  for (;;);\n};\n');
    const endless = await place.run(['replay', file, '--handlers', 'endless']);
    t.match(endless.stderr, /The step never returns/);
    t.equal(endless.code, null, 'ended by a signal');
  },
);

void t.test('a step that waited for answers gets them again', async t => {
  const group = (what: string): string => `
import { builtin } from 'strowger/server';

export default {
  ...builtin.group,
  async handleCall(request, from, state) {
    const answer = await builtin.group.handleCall(request, from, state);
    ${what}
    return answer;
  },
};
`;
  place.write('handlers/group.ts', group("throw new Error('nobody may create groups');"));
  place.write('mended/group.ts', group(''));
  await serve();
  await place.run(['group', 'create', '--name', 'g', '--members', 'bob', '--home', 'alice']);
  const [file = ''] = crashes();
  const again = await place.run(['replay', file]);
  t.equal(again.code, 1, `${again.stdout}${again.stderr}`);
  t.match(again.stdout, /call to store\.0: .*"put_group"/);
  const mended = await place.run(['replay', file, '--handlers', 'mended']);
  t.equal(mended.code, 0, `${mended.stdout}${mended.stderr}`);
  t.match(mended.stdout, /The step passes now\.\n {2}reply: .*"name":"g"/);
});

void t.test('a process that failed to begin begins again, and a mended one does', async t => {
  const session = (what: string): string => `
import { builtin } from 'strowger/server';

export default {
  ...builtin.session,
  init(argument) {
    ${what}
    return builtin.session.init(argument);
  },
};
`;
  place.write(
    'handlers/session.ts',
    session("if (argument.opening.device === 'bob:1') throw new Error('not bob');"),
  );
  place.write('mended/session.ts', session(''));
  await serve();
  await place.run(['listen', '--home', 'bob', '--timeout', '5']);
  const [file = ''] = crashes();
  const again = await place.run(['replay', file]);
  t.equal(again.code, 1, `${again.stdout}${again.stderr}`);
  t.match(again.stdout, /^session \(\d+\) crashed in init at .*: Error: not bob$/m);
  t.match(again.stdout, /The step crashes as it did\./);
  const mended = await place.run(['replay', file, '--handlers', 'mended']);
  t.equal(mended.code, 0, `${mended.stdout}${mended.stderr}`);
  t.match(mended.stdout, / {2}send to .*"kind":"attach".*\nThe step passes now\.\n$/s);
});

void t.test('a request that failed beside the packets is asked again', async t => {
  const create = (what: string): string => `
import { builtin } from 'strowger/server';

export default async (context, argument) => {
  const answer = await builtin.requests.group_create(context, argument);
  ${what}
  return answer;
};
`;
  place.write('handlers/requests/group_create.ts', create("throw new Error('nobody may');"));
  place.write('mended/requests/group_create.ts', create(''));
  await serve();
  await place.run(['group', 'create', '--name', 'g', '--members', 'bob', '--home', 'alice']);
  const [file = ''] = crashes();
  const again = await place.run(['replay', file]);
  t.equal(again.code, 1, `${again.stdout}${again.stderr}`);
  t.match(again.stdout, /crashed in handleInfo at .*: Error: nobody may$/m);
  t.match(again.stdout, /group_create\.ts:6:\d+/);
  const mended = await place.run(['replay', file, '--handlers', 'mended']);
  t.equal(mended.code, 0, `${mended.stdout}${mended.stderr}`);
  t.match(mended.stdout, /"kind":"send"/, 'it is answered');
});

void t.test('what is no crash file is refused with a sentence', async t => {
  const replay = async (text: string) => {
    place.write('file.json', text);
    const { code, stderr } = await place.run(['replay', 'file.json']);
    t.equal(code, 1);
    return stderr;
  };
  t.match(await replay('{'), /^error bad_crash_file: .* is no crash file: it is no JSON/);
  t.match(await replay('{}'), /^error bad_crash_file: .*`serve --crashes DIR` makes them/);
  t.match(await replay('{"strowger":"crash","version":7}'), /has version 7, this program reads 1/);
  t.match(await replay('{"strowger":"crash","version":1}'), /is damaged: program: /);
  t.match((await place.run(['replay', '.'])).stderr, /it is a directory, name a file in it/);
  const whole = JSON.stringify({
    ...{ strowger: 'crash', version: 1, program: '', at: 0, isolate: 1, pid: 1025, name: null },
    ...{ label: 'session', module: 'session', callback: 'constructor', summary: '', reason: null },
    ...{ args: [], state: { $: 'class', name: 'Stranger' }, answers: [], accounts: [], groups: [] },
    ...{ shards: { count: 1, placement: null }, names: [], handlers: [] },
  });
  t.match(await replay(whole), /has no callback constructor/);
  t.match(
    await replay(whole.replace('constructor', 'handleInfo')),
    /is damaged: the class Stranger is not known here/,
  );
  const missing = await place.run(['replay', 'nothing.json']);
  t.match(missing.stderr, /^error bad_crash_file: .*there is no such file/);
});
