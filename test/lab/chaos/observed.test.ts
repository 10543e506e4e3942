/** What the lab asks the observer's API, against one that tells what the test says. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { ObservedServer } from '../../../lab/chaos/observed.ts';
import type { EventsAnswer } from '../../../protocol/observer.ts';

const event = (n: number, kind: string, name: string | null): object => ({
  ...{ n, kind },
  process: name === null ? null : { pid: 5, isolate: 1, name, label: null },
});

void t.test('who is up again is known as soon as it is told', async t => {
  const told = [
    event(1, 'restarted', 'store.0'),
    event(2, 'child_terminated', 'store.0'),
    event(3, 'warning', null),
  ];
  const server = createServer(({ url = '', headers }, response) => {
    t.equal(headers.authorization, 'Bearer secret');
    const after = Number(new URL(url, 'http://localhost').searchParams.get('after'));
    const answer = { events: told.slice(after), last: told.length };
    response.end(JSON.stringify(answer satisfies Record<keyof EventsAnswer, unknown>));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const observed = new ObservedServer(() => `http://127.0.0.1:${port}`, 'secret');
  const before = await observed.lastEvent();
  t.equal(before, 3);
  t.equal(await observed.hasRestarted('store.0', before), false, 'an earlier restart is not this');
  told.push(event(4, 'restarted', 'store.1'));
  t.equal(await observed.hasRestarted('store.0', before), false, 'nor is another process');
  told.push(event(5, 'restarted', 'store.0'));
  t.equal(await observed.hasRestarted('store.0', before), true);
});
