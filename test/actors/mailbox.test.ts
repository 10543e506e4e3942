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

void t.test('a mailbox behaves as a plain array, whatever is done to it', t => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200, size: 'max' }), commands => {
      const mailbox = new Mailbox();
      const model: number[] = [];
      for (const one of commands) {
        const [given, expected] = apply(mailbox, model, one);
        if (JSON.stringify(given) !== JSON.stringify(expected)) return false;
      }
      return JSON.stringify(mailbox.toArray()) === JSON.stringify(model);
    }),
    { numRuns: 300 },
  );
  t.end();
});
