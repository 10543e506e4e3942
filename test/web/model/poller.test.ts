/** What is seen is asked for once a second, whatever nobody sees is not, and what was known outlives an absence. */
import t from 'tap';
import { Poller } from '../../../web/model/poller.ts';

interface Question {
  readonly address: string;
  readonly last: unknown;
  readonly signal: AbortSignal;
  readonly answer: (data: unknown) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

/** A poller whose questions wait for the test, and whose clock is the test's. */
function setUp() {
  const questions: Question[] = [];
  const timers = new Set<() => void>();
  const poller = new Poller({
    load: (address, last, signal) =>
      new Promise((resolve, reject) => {
        // The poller hears of it two microtasks later.
        const settled = async (): Promise<void> => {
          for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
        };
        questions.push({
          address,
          last,
          signal,
          answer: data => (resolve(data), settled()),
          // What is not an Error is a part of the test.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          fail: error => (reject(error), settled()),
        });
      }),
    everyMs: 1_000,
    after: (ms, run) => {
      t.equal(ms, 1_000);
      timers.add(run);
      return () => void timers.delete(run);
    },
  });
  const second = (): void => {
    const due = [...timers];
    timers.clear();
    for (const run of due) run();
  };
  const question = (index: number): Question => {
    const found = questions[index];
    if (found === undefined) throw new Error(`question ${index} was not asked`);
    return found;
  };
  return { poller, questions, question, timers, second };
}

void t.test('asks at once, tells, and asks again a second after the answer', async t => {
  const { poller, questions, question, timers, second } = setUp();
  let told = 0;
  poller.subscribe('system', () => (told += 1));
  t.same(poller.read('system'), { data: undefined, error: undefined });
  await question(0).answer('first');
  t.equal(told, 1);
  t.equal(poller.read('system').data, 'first');
  t.equal(poller.read('system'), poller.read('system'), 'one object until something changes');
  t.equal(questions.length, 1, 'no question before its time');
  second();
  t.equal(questions.length, 2);
  t.equal(question(1).last, 'first', 'the question knows the last answer');
  t.equal(timers.size, 0, 'and no next one while this one is under way');
});

void t.test('two who look at the same are one question', async t => {
  const { poller, questions, question, second } = setUp();
  const end = poller.subscribe('tree', () => undefined);
  const endOther = poller.subscribe('tree', () => undefined);
  t.equal(questions.length, 1);
  await question(0).answer('a');
  end();
  second();
  t.equal(questions.length, 2, 'goes on for the other');
  endOther();
  t.ok(question(1).signal.aborted, 'the last one to leave ends the question under way');
  second();
  t.equal(questions.length, 2);
  t.same(poller.read('tree'), { data: undefined, error: undefined }, 'and nothing is kept');
});

void t.test('a failure keeps what was known, and goes on asking', async t => {
  const { poller, question, second } = setUp();
  poller.subscribe('system', () => undefined);
  await question(0).answer('known');
  second();
  await question(1).fail(new TypeError('fetch failed'));
  t.equal(poller.read('system').data, 'known');
  t.equal(poller.read('system').error?.message, 'fetch failed');
  second();
  await question(2).fail('not even an error');
  t.equal(poller.read('system').error?.message, 'not even an error');
  second();
  await question(3).answer('back');
  t.same(poller.read('system'), { data: 'back', error: undefined });
});

void t.test(
  'nothing is asked while the page is hidden, all of it at once when it is seen',
  async t => {
    const { poller, questions, question, timers, second } = setUp();
    poller.subscribe('system', () => undefined);
    poller.subscribe('tree', () => undefined);
    await question(0).answer(1);
    poller.setSeen(false);
    t.ok(question(1).signal.aborted);
    t.equal(timers.size, 0);
    second();
    poller.subscribe('events', () => undefined);
    poller.refresh();
    t.equal(questions.length, 2);
    poller.setSeen(true);
    t.same(
      questions.slice(2).map(({ address }) => address),
      ['system', 'tree', 'events'],
    );
  },
);

void t.test('refresh asks out of turn, and an answer to an older question is dropped', async t => {
  const { poller, question, timers } = setUp();
  poller.subscribe('process/1', () => undefined);
  poller.refresh();
  await question(0).answer('old');
  t.equal(poller.read('process/1').data, undefined);
  await question(1).answer('new');
  t.equal(poller.read('process/1').data, 'new');
  t.equal(timers.size, 1, 'one next question, not two');
});
