import t from 'tap';
import { CrowdProcess } from '../../bench/crowd/crowd-process.ts';
import { preparedIdentities, sharedKey } from '../../bench/prepared-users.ts';

void t.test('a crowd that cannot get in, is too slow or has died says so', async t => {
  const nowhere = preparedIdentities('http://127.0.0.1:1', 0, 2, await sharedKey());
  const crowd = new CrowdProcess(20_000);
  t.teardown(() => crowd.end());
  await crowd.gather(nowhere);
  await t.rejects(
    crowd.connect(2, 'signature'),
    /could not connect: .*u[01]:1 lost its connection/,
  );
  await crowd.end();
  await crowd.end();

  const dead = new CrowdProcess(20_000);
  t.teardown(() => dead.end());
  await dead.gather(nowhere);
  await dead.persist({ kind: 'fixed', pauseMs: 10 });
  const settled = dead.settle(Date.now());
  await Promise.all([t.rejects(settled, /could not settle: it ended/), dead.end()]);

  const slow = new CrowdProcess(200);
  t.teardown(() => slow.end());
  await t.rejects(
    slow.gather(nowhere).then(() => slow.settle(Date.now())),
    /not within 200 ms/,
  );
});
