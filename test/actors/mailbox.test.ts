import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import t from 'tap';
import { Mailbox } from '../../actors/mailbox.ts';
import { collectGarbage } from '../../server/isolates/garbage.ts';

type Command =
  | { readonly kind: 'push'; readonly value: number }
  | { readonly kind: 'shift' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'extract'; readonly below: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('push' as const), value: fc.nat(50) }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'shift' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('extract' as const), below: fc.nat(50) }) },
);

/** Does the same to both, and returns what each of them gave. */
function apply(mailbox: Mailbox, model: number[], one: Command): [unknown, unknown] {
  switch (one.kind) {
    case 'push':
      mailbox.push(one.value);
      model.push(one.value);
      return [mailbox.length, model.length];
    case 'shift':
      return [mailbox.shift(), model.shift()];
    case 'clear':
      mailbox.clear();
      model.length = 0;
      return [mailbox.length, model.length];
    case 'extract': {
      const picks = (message: unknown): boolean => Number(message) < one.below;
      const picked = model.filter(picks);
      const kept = model.filter(message => !picks(message));
      model.splice(0, model.length, ...kept);
      return [mailbox.extract(picks), picked];
    }
  }
}

void t.test('mailboxes behave as plain arrays, whatever is done to them, and share nothing', t => {
  const step = fc.tuple(fc.nat(2), command);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), steps => {
      const mailboxes = [new Mailbox(), new Mailbox(), new Mailbox()];
      const models: number[][] = [[], [], []];
      for (const [which, one] of steps) {
        const [given, expected] = apply(mailboxes[which]!, models[which]!, one);
        if (JSON.stringify(given) !== JSON.stringify(expected)) return false;
      }
      return mailboxes.every(
        (mailbox, i) => JSON.stringify(mailbox.toArray()) === JSON.stringify(models[i]),
      );
    }),
    { numRuns: 300 },
  );
  t.end();
});

/**
 * Messages that go through old, small storage into larger storage and out again, as in the mailbox of a process that
 * is busy from time to time.
 * @returns how many bytes the collector of young objects leaves of what was in them
 */
function leftByGrowth(): number {
  const mailboxes = Array.from({ length: 500 }, () => new Mailbox());
  // One message each: it has its first storage, which the collection makes old.
  for (const mailbox of mailboxes) mailbox.push(undefined);
  collectGarbage();
  const before = getHeapStatistics().used_heap_size;
  for (const mailbox of mailboxes) {
    for (let sent = 0; sent < 8; sent += 1) mailbox.push(new Array<number>(128).fill(1));
    while (mailbox.length > 0) mailbox.shift();
    mailbox.clear();
  }
  collectGarbage('minor');
  return getHeapStatistics().used_heap_size - before;
}

void t.test('storage that was outgrown keeps no messages alive', t => {
  // 500 mailboxes with 7 messages of 1 kB each in the storage that was outgrown: 3.5 MB if they stayed.
  const left = leftByGrowth();
  t.ok(left < 1_000_000, `${left} bytes are left`);
  t.end();
});
