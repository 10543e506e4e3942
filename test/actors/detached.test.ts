import { spawnSync } from 'node:child_process';
import t from 'tap';

/** The runner watches unhandled rejections itself, so these programs run on their own. */
function program(body: string): { status: number | null; stdout: string; stderr: string } {
  const index = new URL('../../actors/index.js', import.meta.url).href;
  const source = `const actors = await import(${JSON.stringify(index)});
    const { spawn, send, isAlive, monitor, setLogger } = actors;
    setLogger(() => {});
    ${body}`;
  const args = ['--input-type=module', '--eval', source];
  // Without the runner's own loader hooks.
  const env = { ...process.env, NODE_OPTIONS: '' };
  return spawnSync(process.execPath, args, { encoding: 'utf8', env });
}

void t.test('a detached rejection ends its owner and nobody else', t => {
  const { stdout, status, stderr } = program(`
    const watcher = spawn(message => {
      if (message.kind === 'DOWN') console.log(message.reason.reason.message, isAlive(other));
      else monitor(message);
    });
    const owner = spawn(() => {
      void (async () => { await null; await null; throw new Error('detached'); })();
    });
    const other = spawn(() => {});
    send(watcher, owner);
    send(owner, 1);
  `);
  t.equal(stdout, 'detached true\n', stderr);
  t.equal(status, 0);
  t.end();
});

void t.test('one of a timer that the process set, too', t => {
  const { stdout } = program(`
    const owner = spawn(() => { setTimeout(async () => { throw new Error('late'); }, 1); });
    const watcher = spawn(message => {
      if (message === 'watch') monitor(owner);
      else console.log(message.reason.reason.message);
    });
    send(watcher, 'watch');
    send(owner, 1);
  `);
  t.equal(stdout, 'late\n');
  t.end();
});

void t.test('what rejects in a dead incarnation is nobody’s', t => {
  const { stdout, status } = program(`
    const owner = spawn(async () => {
      await new Promise(resolve => setTimeout(resolve, 5));
      send(owner, 'from the dead');
    });
    send(owner, 1);
    setImmediate(() => setImmediate(() => { actors.exit(owner, 'kill'); }));
    setTimeout(() => console.log('still here'), 20);
  `);
  t.equal(stdout, 'still here\n');
  t.equal(status, 0);
  t.end();
});

void t.test('a rejection outside of any process ends the program, as Node does', t => {
  const { status, stderr } = program(`
    send(spawn(() => {}), 1);
    Promise.reject(new Error('nobody owns me'));
  `);
  t.equal(status, 1);
  t.match(stderr, /nobody owns me/);
  t.end();
});

for (const [where, throwing] of [
  ['a timer', 'setTimeout(fail, 1)'],
  ['an immediate', 'setImmediate(fail)'],
  ['nextTick', 'process.nextTick(fail)'],
  ['a file’s callback', "import('node:fs').then(fs => fs.stat('/', fail))"],
  [
    'a socket’s event',
    "import('node:net').then(net => net.connect(1, '127.0.0.1').on('error', fail))",
  ],
] as const) {
  void t.test(`what throws in ${where} that a process made ends it, and nobody else`, t => {
    const { stdout, status, stderr } = program(`
      const fail = () => { throw new RangeError('in a callback'); };
      const owner = spawn(() => { ${throwing}; });
      const other = spawn(() => {});
      const watcher = spawn(message => {
        if (message === 'watch') monitor(owner);
        else console.log(message.reason.reason.message, typeof message.reason.stack, isAlive(other));
      });
      send(watcher, 'watch');
      send(owner, 1);
    `);
    t.equal(stdout, 'in a callback string true\n', stderr);
    t.equal(status, 0);
    t.end();
  });
}

void t.test('what throws in a callback of nobody ends the program as Node does', t => {
  const { status, stderr, stdout } = program(`
    send(spawn(() => {}), 1);
    process.on('exit', code => console.log('exit', code));
    setTimeout(() => { throw new RangeError('nobody owns me'); }, 1);
    setTimeout(() => console.log('still here'), 50);
  `);
  t.equal(status, 1);
  t.equal(stdout, 'exit 1\n');
  t.match(stderr, /Uncaught|nobody owns me/);
  t.end();
});

void t.test('a dead incarnation’s callback that throws is nobody’s, too', t => {
  const { stdout, status } = program(`
    const owner = spawn(() => { setTimeout(() => send(owner, 'from the dead'), 5); });
    send(owner, 1);
    setImmediate(() => setImmediate(() => { actors.exit(owner, 'kill'); }));
    setTimeout(() => console.log('still here'), 20);
  `);
  t.equal(stdout, 'still here\n');
  t.equal(status, 0);
  t.end();
});

void t.test('the program’s own listeners hear what is nobody’s, and of no process', t => {
  const listening = `
    process.on('uncaughtException', error => console.log('the program hears', error.message));
    const logged = new Promise(resolve =>
      setLogger(({ report, pid }) => {
        console.log(report.kind, report.label, pid === owner);
        resolve();
      }));
    const throwing = () => { throw new Error('thrown'); };
    const owner = spawn(how => {
      setTimeout(throwing, 1);
      if (how === 'live') return;
      setTimeout(() => send(owner, 'from the dead'), 1);
      actors.exit('normal');
    }, { label: 'owner' });`;
  const dying = `${listening}
    send(owner, 'die');
    await logged;
    setTimeout(() => { throw new Error('nobody’s'); }, 1);`;
  const dead = program(dying);
  t.equal(dead.stdout, 'message owner true\nthe program hears nobody’s\n', dead.stderr);
  const living = program(`${listening}
    send(owner, 'live');
    await logged;
    await new Promise(setImmediate);
    console.log(isAlive(owner), process.hasUncaughtExceptionCaptureCallback());`);
  t.equal(living.stdout, 'crash undefined true\nfalse false\n', living.stderr);
  const besideDomains = program(`await import('node:domain');\n${dying}`);
  t.match(besideDomains.stdout, 'message owner true\n', 'where nobody can capture it is logged');
  t.equal(besideDomains.status, 0, besideDomains.stderr);
  t.end();
});

void t.test(
  'what a listener of signal() throws is logged and hurts neither killer nor program',
  t => {
    const { stdout, status, stderr } = program(`
    const { spawn: run } = await import('node:child_process');
    const told = [];
    setLogger(({ level, pid, report }) => told.push([level, pid, report.label, report.text]));
    const ways = [
      signal => signal.addEventListener('abort', () => { throw new Error('thrown'); }),
      signal => signal.addEventListener('abort', async () => { throw new Error('rejected'); }),
      signal => run(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { signal }),
    ];
    for (const way of ways) {
      const owner = spawn(() => { way(actors.signal()); }, { label: 'owner' });
      const killer = spawn(message => { actors.exit(owner, message); });
      send(owner, 1);
      await new Promise(setImmediate);
      send(killer, 'kill');
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      const [[level, pid, label, text]] = told.splice(0);
      console.log(isAlive(killer), isAlive(owner), level, pid === owner, label, text);
    }
    const outside = spawn(() => { ways[0](actors.signal()); });
    send(outside, 1);
    await new Promise(setImmediate);
    actors.exit(outside, 'kill');
    await new Promise(setImmediate);
    console.log('the program lives', told.length);
  `);
    const line = 'true false error true owner code of a dead process failed\n';
    t.equal(stdout, `${line.repeat(3)}the program lives 1\n`, stderr);
    t.equal(status, 0);
    t.end();
  },
);

void t.test('a listener of signal() acts as the dead process, not as the killer', t => {
  const { stdout, stderr } = program(`
    const got = [];
    const sink = spawn(message => { got.push(message); });
    const owner = spawn(() => {
      const on = body => actors.signal().addEventListener('abort', body);
      on(() => send(sink, 'fenced'));
      on(() => got.push(actors.self()));
      on(() => actors.runOutside(() => send(sink, 'outside')));
    });
    const killer = spawn(() => { actors.exit(owner, 'kill'); });
    send(owner, 1);
    await new Promise(setImmediate);
    send(killer, 1);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    console.log(got, isAlive(killer));
  `);
  t.equal(stdout, "[ 'outside' ] true\n", stderr);
  t.end();
});
