import t from 'tap';
import { Committer } from '../../client/committer.ts';
import { atTurnEnd } from '../../client/turn.ts';
import { turns } from './manual-clock.ts';

void t.test('one turn is one commit; what waits for it runs after it, in order', async t => {
  const commits: (readonly string[])[] = [];
  const seen: string[] = [];
  const committer = new Committer<string>(
    changes => void commits.push(changes),
    () => t.fail('no failure'),
  );
  committer.add('a');
  committer.after(() => seen.push(`first, ${commits.length} committed`));
  committer.add('b');
  committer.after(() => seen.push('second'));
  t.same([commits, seen], [[], []], 'not at once');
  await committer.settled();
  t.same(commits, [['a', 'b']]);
  t.same(seen, ['first, 1 committed', 'second']);
});

void t.test('while one commit runs the next batch gathers', async t => {
  const commits: (readonly string[])[] = [];
  let release: () => void = () => undefined;
  const committer = new Committer<string>(
    changes => {
      commits.push(changes);
      return new Promise<void>(resolve => (release = resolve));
    },
    () => t.fail('no failure'),
  );
  committer.add('a');
  await turns(2);
  committer.add('b');
  committer.add('c');
  let told = false;
  committer.after(() => (told = true));
  await turns(5);
  t.same([commits, told], [[['a']], false]);
  release();
  await turns(5);
  t.same([commits, told], [[['a'], ['b', 'c']], false]);
  release();
  await turns(2);
  t.ok(told);
});

void t.test('after a failure nothing more is committed, and nobody waits for ever', async t => {
  for (const fail of [
    (): void => {
      throw new Error('full');
    },
    async (): Promise<void> => {
      throw new Error('full');
    },
  ]) {
    const failures: unknown[] = [];
    let commits = 0;
    const committer = new Committer<string>(
      () => (commits++, fail()),
      error => failures.push(error),
    );
    committer.add('a');
    committer.after(() => t.fail('not durable'));
    await committer.settled();
    committer.add('b');
    await committer.settled();
    await turns(3);
    t.match(failures, [{ message: 'full' }]);
    t.equal(commits, 1);
  }
});

void t.test('work at the turn’s end that throws does not take the rest with it', async t => {
  const ran: number[] = [];
  const thrown = new Promise<unknown>(resolve => process.once('uncaughtException', resolve));
  atTurnEnd(() => ran.push(1));
  atTurnEnd(() => {
    throw new Error('mine');
  });
  atTurnEnd(() => ran.push(2));
  t.match(await thrown, { message: 'mine' });
  await turns(3);
  t.same(ran, [1, 2]);
});
