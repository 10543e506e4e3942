import t from 'tap';
import { ClientError } from '../../../client/errors.ts';
import { Restarts } from '../../../lab/chaos/restarts.ts';
import type { EventsAnswer, ObservedEvent } from '../../../protocol/observer.ts';

/** Tells of its events two at once. */
class FakeTimeline {
  readonly events: ObservedEvent[] = [];
  answers = true;
  asked = 0;

  add(...kinds: readonly ObservedEvent['kind'][]): void {
    for (const kind of kinds)
      this.events.push({
        ...{ n: this.events.length + 1, at: 0, isolate: 0, kind, text: '', process: null },
        ...{ supervisor: null, child: null, reason: null, stack: null, predecessor: null },
      });
  }

  read = (after: number): Promise<EventsAnswer> => {
    this.asked += 1;
    if (!this.answers) return Promise.reject(new ClientError('unreachable'));
    return Promise.resolve({
      events: this.events.slice(after, after + 2),
      last: this.events.length,
    });
  };
}

void t.test('each end that a supervisor saw counts once, however many there are', async t => {
  const timeline = new FakeTimeline();
  const restarts = new Restarts(timeline.read);
  await restarts.read();
  t.equal(restarts.count, 0);
  timeline.add('crash', 'child_terminated', 'restarted', 'child_terminated', 'child_terminated');
  await Promise.all([restarts.read(), restarts.read()]);
  t.equal(restarts.count, 3);
  timeline.add('child_terminated', 'action');
  await restarts.read();
  t.equal(restarts.count, 4);
});

void t.test(
  'who does not answer is read the next time; a new server tells from the first',
  async t => {
    const timeline = new FakeTimeline();
    const restarts = new Restarts(timeline.read);
    timeline.add('child_terminated', 'child_terminated');
    timeline.answers = false;
    await t.rejects(restarts.read(), { code: 'unreachable' });
    timeline.answers = true;
    await restarts.read();
    t.equal(restarts.count, 2);
    timeline.events.length = 0;
    timeline.add('child_terminated', 'child_terminated', 'child_terminated');
    restarts.startOver();
    await restarts.read();
    t.equal(restarts.count, 5);
  },
);
