import fc from 'fast-check';
import t from 'tap';
import { Mailbox } from '../../actors/mailbox.ts';

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
