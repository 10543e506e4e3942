/** Code is swapped under load: no socket closes, nothing is lost, doubled or reordered, and what is bad is taken back. */
import t from 'tap';
import { at, call, exit, sys, whereis } from '../../actors/index.ts';
import { generation, writeGeneration } from '../../lab/generations.ts';
import type { State as CoordinatorState } from '../../server/code/coordinator-state.ts';
import { codeName, isRefused, loaderName } from '../../server/code/protocol.ts';
import { switchboardName } from '../../server/isolates/protocol.ts';
import { directoryOf, list, load, versionsOf, write, type Files } from './handlers-directory.ts';
import { everybodyGoesOn, nobodyDisconnected, scene, type Scene } from './isolate-scene.ts';
import { until } from './until.ts';
import { talk } from './world.ts';

const QUIET = { logLevel: 'error' };

/** Everybody talks while the work is done; then the oracle judges. */
async function underLoad(
  t: Tap,
  flags: Readonly<Record<string, string>>,
  work: (stage: Scene) => Promise<void>,
): Promise<void> {
  const stage = await scene(t, { ...QUIET, ...flags });
  let over = false;
  const talking = talk(stage.people, () => over);
  await everybodyGoesOn(stage);
  try {
    await work(stage);
    await everybodyGoesOn(stage);
  } finally {
    over = true;
    await talking;
  }
  await stage.world.judge();
  nobodyDisconnected(t, stage.people);
}

type Tap = Parameters<typeof scene>[0];

const RELOADS = 100;

void t.test(`${RELOADS} reloads under load, each with a migration of all states`, async t => {
  const directory = await directoryOf(t, {});
  await underLoad(t, {}, async stage => {
    for (let number = 1; number <= RELOADS; number++) {
      await writeGeneration(directory, number);
      t.match(await load(directory), { modules: ['session', 'mailbox'] });
      await stage.world.moreAccepted(5);
    }
    const { modules } = await list();
    const sessions = modules.find(({ name }) => name === 'session');
    t.match(sessions, {
      current: { processes: 16, crashes: 0 },
      old: { processes: 0, crashes: 0 },
    });
    t.equal(crashesIn(stage), 0, 'nobody met a state of another generation');
    t.same([stage.deaths(1), stage.deaths(2)], [0, 0], 'no isolate died');
  });
});

const crashesIn = ({ reports }: Scene): number =>
  reports.filter(({ report }) => report.kind === 'crash').length;

const mailbox = (...callbacks: readonly string[]): Files => ({
  'mailbox.ts': `
import { builtin } from 'strowger/server';
let messages = 0;
export default {
  ...builtin.mailbox,
  ${callbacks.join('\n  ')}
};
`,
});

void t.test('a version whose init throws is refused before anybody runs it', async t => {
  const directory = await directoryOf(t, mailbox(`init() { throw new Error('no'); },`));
  await underLoad(t, {}, async () => {
    const result = await load(directory);
    t.ok(isRefused(result));
    t.match(result, { message: /mailbox\.ts: its init does not begin: Error: no/ });
    t.same(await versionsOf('mailbox'), { current: 'built-in' });
  });
});

void t.test('a version whose init throws only for users is taken back', async t => {
  const directory = await directoryOf(t, {
    'session.ts': `
import { builtin } from 'strowger/server';
export default {
  ...builtin.session,
  init(argument) {
    if (argument.opening.device.startsWith('p')) throw new Error('no');
    return builtin.session.init(argument);
  },
  handleInfo(message, state) {
    if (message.kind === 'frame') throw new Error('and none of those that run');
    return builtin.session.handleInfo(message, state);
  },
};
`,
  });
  await underLoad(t, {}, async () => {
    t.match(await load(directory), { modules: ['session'] });
    await until(
      async () => (await versionsOf('session'))['current'] === 'built-in',
      'it is taken back',
    );
  });
});

void t.test(
  'a codeChange that throws in one isolate leaves code and states of all as they were',
  async t => {
    const directory = await directoryOf(t, {
      'session.ts': `
import { thisIsolate } from 'strowger/actors';
import { builtin } from 'strowger/server';
export default {
  ...builtin.session,
  codeChange(_from, state) {
    if (thisIsolate() === 2) throw new Error('cannot');
    return ['ok', { ...state, device: 'nobody:1' }];
  },
};
`,
    });
    await underLoad(t, {}, async stage => {
      const result = await load(directory);
      t.ok(isRefused(result));
      t.match(result, { message: /cannot/ });
      t.same(await versionsOf('session'), { current: 'built-in' });
      t.equal(crashesIn(stage), 0);
    });
  },
);

void t.test('a version that throws on its 100th message is taken back', async t => {
  const directory = await directoryOf(
    t,
    mailbox(`handleInfo(message, state) {
      if (++messages >= 100) throw new Error('the 100th');
      return builtin.mailbox.handleInfo(message, state);
    },`),
  );
  await underLoad(t, {}, async stage => {
    t.match(await load(directory), { modules: ['mailbox'] });
    await until(
      async () => (await versionsOf('mailbox'))['current'] === 'built-in',
      'it is taken back',
    );
    const { history } = await list();
    t.match(history.at(-1)?.text, /reverted mailbox/);
    t.ok(history.some(({ text }) => /crashed .* 3 of 3: Error: the 100th/.test(text)));
    t.same([stage.deaths(1), stage.deaths(2)], [0, 0], 'no isolate died');
  });
});

void t.test(
  'a handler that throws on every packet is taken back before a socket closes',
  async t => {
    const directory = await directoryOf(t, {
      'send.ts': `
import { roles } from 'strowger/protocol';
export default (state) => { if ((state.roles & roles.send) !== 0) throw new Error('never'); };
`,
    });
    await underLoad(t, {}, async stage => {
      t.match(await load(directory), { modules: ['send'] });
      // Each isolate helps itself: the main thread may have too much to do.
      await sys.suspend(codeName);
      await everybodyGoesOn(stage);
      await sys.resume(codeName);
      await until(
        async () => (await versionsOf('send'))['current'] === 'built-in',
        'it is taken back',
      );
    });
  },
);

void t.test('a handler that waits for some packets only crashes for itself, and goes', async t => {
  const directory = await directoryOf(t, {
    'send.ts': `
import { builtin } from 'strowger/server';
export default (state, packet) => {
  builtin.send(state, packet);
  if (packet.seq % 3 === 0) return Promise.reject(new Error('nobody hears this'));
};
`,
  });
  await underLoad(t, {}, async () => {
    t.match(await load(directory), { modules: ['send'] });
    await until(async () => (await versionsOf('send'))['current'] === 'built-in', 'it goes');
    const { history, modules } = await list();
    t.ok(
      history.some(({ text }) =>
        /^send crashed in isolate \d, 3 of 3: TypeError: send, given (send|read), returned a promise: a packet handler must not wait/.test(
          text,
        ),
      ),
      'why is told',
    );
    t.equal(
      modules.find(({ name }) => name === 'session')?.current.crashes,
      0,
      'it is no fault of the session’s',
    );
  });
});

void t.test('handlers that say what no client could read crash for themselves', async t => {
  const directory = await directoryOf(t, {
    'ack.ts': `
import { builtin, say } from 'strowger/server';
export default (state, packet) => {
  builtin.ack(state, packet);
  if (packet.upTo > 1) say(state, { kind: 'pong', token: 'no number' });
};
`,
    'requests/devices.ts': `export default async () => ({ users: 'nobody' });`,
  });
  await underLoad(t, {}, async () => {
    t.match(await load(directory), { modules: ['ack', 'requests/devices'] });
    await until(async () => (await versionsOf('ack'))['current'] === 'built-in', 'it goes');
    const { history } = await list();
    t.ok(
      history.some(({ text }) =>
        /3 of 3: TypeError: no client could read the pong packet that it says: token must be/.test(
          text,
        ),
      ),
    );
    t.match(await versionsOf('requests/devices'), { current: 'built-in' });
  });
});

void t.test('what the top of a file leaves behind ends the loader only, and goes', async t => {
  const later = `void new Promise(resolve => setTimeout(resolve, 100)).then(() => { throw new Error('later'); });`;
  const directory = await directoryOf(t, {
    'ping.ts': `import { builtin } from 'strowger/server';\n${later}\nexport default builtin.ping;`,
  });
  await underLoad(t, {}, async stage => {
    t.match(await load(directory), { modules: ['ping'] });
    // No module is listed while no loader is there.
    const isBuiltIn = async () =>
      (await list()).modules.some(
        ({ name, current }) => name === 'ping' && current.filename === undefined,
      );
    await until(isBuiltIn, 'it goes');
    const { history } = await list();
    t.ok(
      history.some(({ text }) => /^ping crashed in isolate \d, 3 of 3: Error: later/.test(text)),
    );
    t.same([stage.deaths(1), stage.deaths(2)], [0, 0], 'no isolate died');
  });
});

void t.test(
  'a version that never returns: the isolate that it took down comes back without it',
  async t => {
    const directory = await directoryOf(
      t,
      mailbox(`handleInfo(message, state) {
      if (++messages >= 20) for (;;);
      return builtin.mailbox.handleInfo(message, state);
    },`),
    );
    await underLoad(t, { isolatesHeartbeatMs: '500' }, async stage => {
      t.match(await load(directory), { modules: ['mailbox'] });
      await until(() => stage.deaths(1) + stage.deaths(2) > 0, 'an isolate dies of it');
      await everybodyGoesOn(stage);
      t.same(await versionsOf('mailbox'), { current: 'built-in' });
      t.match(await call(codeName, { kind: 'revert', names: [] }, Infinity), {
        code: 'no_old_version',
      });
      t.ok(stage.deaths(1) <= 1 && stage.deaths(2) <= 1, 'once at most');
      const { history } = await list();
      t.ok(
        history.some(({ text }) =>
          /mailbox is taken back: isolate . ended in the turn of process/.test(text),
        ),
      );
    });
  },
);

void t.test(
  'a version that never returns while it is tried, or changed, is loaded nowhere',
  async t => {
    const tried = await directoryOf(t, { 'ping.ts': `for (;;);\nexport default () => undefined;` });
    const changed = await directoryOf(t, mailbox(`codeChange() { for (;;); },`));
    await underLoad(t, { isolatesHeartbeatMs: '500' }, async stage => {
      t.match(await load(tried), {
        code: 'isolate_ended',
        message:
          /^isolate \d ended, or .* stuck .* while it tried ping\.ts: nothing was changed\.$/,
      });
      await until(
        async () =>
          (await list()).history.some(({ text }) => /ended over .*isolate_stuck/.test(text)),
        'the log says that it was stuck',
      );
      t.same(await versionsOf('ping'), { current: 'built-in' });
      await everybodyGoesOn(stage);
      t.match(await load(changed), {
        code: 'isolate_ended',
        message: /changed its processes of mailbox \(load\)/,
      });
      t.same(await versionsOf('mailbox'), { current: 'built-in' });
      await everybodyGoesOn(stage);
    });
  },
);

void t.test(
  'an isolate that starts anew, and an upgrade’s new isolates, run what is in force',
  async t => {
    const directory = await directoryOf(t, {
      'mailbox.ts': generation('mailbox', 1),
      'ping.ts': `import { builtin } from 'strowger/server';\nexport default (state, packet) => builtin.ping(state, packet);`,
    });
    await underLoad(t, { codeProbationMs: '1000' }, async stage => {
      t.match(await load(directory), { modules: ['mailbox', 'ping'] });
      await write(directory, { 'mailbox.ts': generation('mailbox', 2) });
      t.match(await load(directory), { modules: ['mailbox'], unchanged: ['ping'] });
      const before = await versionsOf('mailbox');
      await until(async () => (await list()).trials.length === 0, 'the probation is over');
      stage.order({ fault: 'process.exit', isolate: 1, device: undefined });
      await until(() => stage.deaths(1) === 1, 'an isolate dies');
      await everybodyGoesOn(stage);
      t.same(await versionsOf('mailbox'), before, 'current and old are as elsewhere');
      const result = await call(
        switchboardName,
        { kind: 'upgrade', entry: undefined, count: undefined },
        Infinity,
      );
      t.match(result, { shardsMoved: 4 });
      await everybodyGoesOn(stage);
      t.same(await versionsOf('mailbox'), before);
      t.match((await versionsOf('ping'))['current'], /ping\.ts$/);
      t.match(await call(codeName, { kind: 'revert', names: ['mailbox'] }, Infinity), {
        modules: ['mailbox'],
      });
    });
  },
);

void t.test('a canary is promoted when it does no worse than the others', async t => {
  const directory = await directoryOf(t, { 'mailbox.ts': generation('mailbox', 1) });
  await underLoad(t, { codeCanaryMs: '2000' }, async stage => {
    t.match(await load(directory, 0.5), { modules: ['mailbox'] });
    t.match(Object.keys(await versionsOf('mailbox')), ['current', 'canary']);
    t.match(await load(directory), { code: 'canary_running' });
    await everybodyGoesOn(stage);
    await until(
      async () => /mailbox\.ts$/.test((await versionsOf('mailbox'))['current'] ?? ''),
      'everybody gets it',
    );
    t.equal(crashesIn(stage), 0, 'the states of those without it were migrated then');
  });
});

void t.test('a canary that crashes is taken back, and only its share has met it', async t => {
  const directory = await directoryOf(
    t,
    mailbox(`handleInfo(message, state) {
      if (message.kind === 'appended') throw new Error('sings no more');
      return builtin.mailbox.handleInfo(message, state);
    },`),
  );
  await underLoad(t, {}, async () => {
    t.match(await load(directory, 0.3), { modules: ['mailbox'] });
    await until(
      async () => (await versionsOf('mailbox'))['canary'] === undefined,
      'it is taken back',
    );
    t.match(await versionsOf('mailbox'), { current: 'built-in' });
  });
});

void t.test('bad versions one after the other are taken back one after the other', async t => {
  // The last one begins the storm, in which those before it crash as well.
  const bad = (number: number): Files => ({
    'send.ts': `
import { roles } from 'strowger/protocol';
import { builtin } from 'strowger/server';
export default (state, packet) => {
  if ((state.roles & roles.send) === 0) return;
  globalThis.isStormy ??= ${number} === 3 ? true : undefined;
  if (globalThis.isStormy) throw new Error('bad ${number}');
  builtin.send(state, packet);
};
`,
  });
  const directory = await directoryOf(t, {});
  await underLoad(t, {}, async () => {
    for (const number of [1, 2, 3]) {
      await write(directory, bad(number));
      t.match(await load(directory), { modules: ['send'] });
    }
    await until(async () => (await versionsOf('send'))['current'] === 'built-in', 'all have gone');
    const { history, trials } = await list();
    const reverted = history.flatMap(({ text }) => (text.startsWith('reverted') ? [text] : []));
    t.same(reverted, [
      'reverted send: the version that is back is on probation',
      'reverted send to what is built in, as no other version is left',
    ]);
    t.same(trials, []);
    t.same(await versionsOf('send'), { current: 'built-in' }, 'nobody can go back to it');
  });
});

void t.test('what is in force again is on probation again, unless it has come through', async t => {
  const ping = (text: string): Files => ({
    'ping.ts': `import { builtin } from 'strowger/server';\nexport const text = '${text}';\nexport default builtin.ping;`,
  });
  const directory = await directoryOf(t, ping('one'));
  const revert = () => call(codeName, { kind: 'revert', names: [] }, Infinity);
  const onTrial = async () => (await list()).trials.map(({ modules, share }) => [modules, share]);
  const lastNote = async () => (await list()).history.at(-1)?.text;
  await underLoad(t, { codeProbationMs: '3000' }, async () => {
    t.match(await load(directory), { modules: ['ping'] });
    const [first] = (await list()).trials;
    await write(directory, ping('two'));
    t.match(await load(directory), { modules: ['ping'] });
    t.match(await revert(), { modules: ['ping'] });
    t.equal(await lastNote(), 'reverted ping: the version that is back is on probation');
    const [again] = (await list()).trials;
    t.ok(again && first && again.endsAt > first.endsAt, 'a whole one');
    await until(async () => (await onTrial()).length === 0, 'it comes through');
    t.ok(Date.now() >= (again?.endsAt ?? Infinity) - 5, 'and not with the end of the first one');

    t.match(await load(directory), { modules: ['ping'] });
    t.match(await revert(), { modules: ['ping'] });
    t.same(await onTrial(), [], 'it has proved itself already');

    t.match(await load(directory, 0.5), { modules: ['ping'] });
    t.same(await onTrial(), [[['ping'], 0.5]]);
    t.match(await call(codeName, { kind: 'promote', names: [] }), { modules: ['ping'] });
    t.same(await onTrial(), [[['ping'], undefined]], 'what is promoted by hand is, too');
  });
});

void t.test('an isolate that starts has no version that the others cannot go back to', async t => {
  const ping = (text: string): Files => ({
    'ping.ts': `import { builtin } from 'strowger/server';\nexport const text = '${text}';\nexport default builtin.ping;`,
  });
  const directory = await directoryOf(t, ping('one'));
  await underLoad(t, {}, async stage => {
    t.match(await load(directory), { modules: ['ping'] });
    await write(directory, ping('two'));
    t.match(await load(directory), { modules: ['ping'] });
    t.match(await call(codeName, { kind: 'revert', names: [] }, Infinity), { modules: ['ping'] });
    stage.order({ fault: 'process.exit', isolate: 1, device: undefined });
    await until(() => stage.deaths(1) === 1, 'an isolate dies');
    await everybodyGoesOn(stage);
    t.same(Object.keys(await versionsOf('ping')), ['current']);
  });
});

void t.test('what is taken back while an isolate loads it is taken back there, too', async t => {
  const directory = await directoryOf(t, {
    'ping.ts': `
import { thisIsolate } from 'strowger/actors';
import { builtin } from 'strowger/server';
// A while in which the isolate has been told what is in force, and does not have it yet.
for (const end = Date.now() + 500; thisIsolate() === 1 && Date.now() < end; );
export default builtin.ping;
`,
  });
  await underLoad(t, { codeProbationMs: '1000' }, async stage => {
    t.match(await load(directory, 0.5), { modules: ['ping'] });
    t.match(await call(codeName, { kind: 'promote', names: [] }), { modules: ['ping'] });
    await until(async () => (await list()).trials.length === 0, 'the probation is over');
    stage.order({ fault: 'process.exit', isolate: 1, device: undefined });
    await until(() => stage.deaths(1) === 1, 'an isolate dies');
    await until(async () => {
      const { facts } = (await sys.getState(codeName)) as CoordinatorState;
      return facts.joining.has(1);
    }, 'it was told');
    t.match(await call(codeName, { kind: 'revert', names: [] }, Infinity), { modules: ['ping'] });
    await everybodyGoesOn(stage);
    for (const isolate of [1, 2]) {
      const rows = await call(at(loaderName, isolate), { kind: 'list' }, Infinity);
      t.match(
        rows.find(({ name }) => name === 'ping'),
        { current: { filename: undefined }, old: undefined },
        `isolate ${isolate}`,
      );
    }
  });
});

// The last one: what is in the tables of this thread stays there for a server that comes after.
void t.test('the coordinator and the loader die at any time', async t => {
  const directory = await directoryOf(t, {});
  await underLoad(t, { isolates: '0' }, async stage => {
    for (let number = 1; number <= 20; number++) {
      await write(directory, { 'mailbox.ts': generation('mailbox', number) });
      const loading = load(directory).catch(() => 'the coordinator died over it');
      // Each time somewhat later: while it reads, tries, prepares, commits, or is done.
      for (let turn = 0; turn < 3 * number; turn++)
        await new Promise(resolve => setImmediate(resolve));
      const pid = whereis(number % 2 === 0 ? codeName : loaderName);
      if (pid !== undefined) exit(pid, 'kill');
      await loading;
      await until(() => whereis(codeName) !== undefined, 'there is another coordinator');
      await until(() => whereis(loaderName) !== undefined, 'there is another loader');
    }
    await write(directory, { 'mailbox.ts': generation('mailbox', 100) });
    await until(async () => !isRefused(await load(directory)), 'the last one is loaded');
    await everybodyGoesOn(stage);
    t.equal(crashesIn(stage), 0, 'nobody met a state of another generation');
  });
});
