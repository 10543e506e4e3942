/** Lines of a chart from isolates that measure at moments of their own. */
import t from 'tap';
import type { Sample, SystemAnswer } from '../../../protocol/observer.ts';
import { perIsolate, sums, total } from '../../../web/model/series.ts';

const sample = (second: number, messages: number): Sample =>
  ({ at: second * 1_000, messages }) as Sample;
const history = (...isolates: Sample[][]): SystemAnswer['history'] =>
  isolates.map((samples, isolate) => ({ isolate, samples }));
const messages = (one: Sample): number => one.messages;

void t.test(
  'sums hold an isolate’s last value where it missed a second, but not for long',
  async t => {
    const steady = [1, 2, 3, 4, 5].map(second => sample(second, 10));
    const lines = sums(history(steady, [sample(1, 5)]), [messages]);
    t.same(lines, { times: [1, 2, 3, 4, 5], values: [[15, 15, 15, 10, 10]] });
  },
);

void t.test('a figure that only some have', async t => {
  const gateway = (one: Sample): number | undefined => one.gateway?.sockets;
  const withGateway = { ...sample(1, 0), gateway: { sockets: 7 } } as Sample;
  t.same(sums(history([withGateway], [sample(1, 0)]), [gateway]).values, [[7]]);
  t.same(sums(history([sample(1, 0)]), [gateway]).values, [[null]]);
});

void t.test('one line per isolate', async t => {
  const lines = perIsolate(history([sample(1, 1), sample(2, 2)], [sample(2, 9)]), messages);
  t.same(lines, {
    times: [1, 2],
    values: [
      [1, 2],
      [null, 9],
    ],
  });
});

void t.test('now, of all isolates together', async t => {
  const system = { isolates: [{ last: sample(1, 2) }, { last: sample(1, 3) }] };
  t.equal(total(system as unknown as SystemAnswer, messages), 5);
});
