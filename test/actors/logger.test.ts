import { spawnSync } from 'node:child_process';
import t from 'tap';
import { isAlive, send, setLogger, spawn } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';

void t.test('a crash is a crash even when the sink throws', async t => {
  const old = setLogger(() => {
    throw new Error('no disk for logs');
  });
  t.teardown(() => {
    setLogger(old);
  });
  const pid = spawn(() => {
    throw new Error('crash');
  });
  send(pid, 1);
  await settle();
  t.notOk(isAlive(pid));
});

void t.test('an async sink that rejects hurts nobody', t => {
  const index = new URL('../../actors/index.js', import.meta.url).href;
  const source = `const { spawn, send, setLogger, logger, isAlive } = await import(${JSON.stringify(index)});
    setLogger(async () => { throw new Error('no disk for logs'); });
    const pid = spawn(() => { logger.error('something'); });
    send(pid, 1);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    console.log(isAlive(pid));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', source],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  t.equal(stdout, 'true\n', stderr);
  t.match(stderr, 'the log sink failed on a message report: Error: no disk for logs');
  t.end();
});

void t.test('by default warnings and errors are JSON lines on stderr, circles or not', t => {
  const index = new URL('../../actors/index.js', import.meta.url).href;
  const source = `const { spawn, send, exit } = await import(${JSON.stringify(index)});
    const circle = { big: 5n, run() {} };
    circle.circle = circle;
    send(spawn(() => exit(circle), { label: 'crasher' }), 1);`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  t.match(JSON.parse(stderr), {
    level: 'error',
    report: { kind: 'crash', initialCall: 'crasher', error: { big: '5', circle: '[seen above]' } },
  });
  t.end();
});
