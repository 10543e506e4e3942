import fc from 'fast-check';
import t from 'tap';
import { exit, isAlive, setClock } from '../../actors/index.ts';
import { createVirtualClock, settle } from '../../actors/testing.ts';
import { supervisor } from '../../supervisors/index.ts';
import { addRestart } from '../../supervisors/restart-intensity.ts';
import { captureLog } from '../actors/capture-log.ts';
import { childSpec, newScript, pidOf } from './children-kit.ts';

/**
 * The rule as one reads it in OTP: after a restart at a second, allowed iff the restarts so far
 * whose second is not older than the period, this one included, are not more than the intensity.
 */
function allowedByTheBook(
  seconds: readonly number[],
  index: number,
  intensity: number,
  period: number,
): boolean {
  const now = seconds[index] ?? NaN;
  let count = 0;
  for (let one = 0; one <= index; one += 1) if (now - (seconds[one] ?? NaN) <= period) count += 1;
  return count <= intensity;
}

const history = fc.record({
  gaps: fc.array(fc.nat(12), { minLength: 1, maxLength: 40, size: 'max' }),
  intensity: fc.nat(6),
  period: fc.integer({ min: 1, max: 10 }),
});

void t.test('the pure rule agrees with the book', t => {
  fc.assert(
    fc.property(history, ({ gaps, intensity, period }) => {
      const seconds: number[] = [];
      for (const gap of gaps) seconds.push((seconds.at(-1) ?? 0) + gap);
      let restarts: number[] = [];
      return seconds.every((second, index) => {
        const verdict = addRestart(restarts, second, { intensity, period });
        restarts = verdict.restarts;
        return verdict.allowed === allowedByTheBook(seconds, index, intensity, period);
      });
    }),
    { numRuns: 1_000 },
  );
  t.end();
});

void t.test('what the list keeps is bounded by the period, not by the history', t => {
  let restarts: number[] = [];
  for (let second = 0; second < 1_000; second += 1) {
    restarts = addRestart(restarts, second, { intensity: 3, period: 5 }).restarts;
  }
  t.equal(restarts.length, 6);
  t.end();
});

/** Milliseconds between incidents, and how many tries of each restart fail before one succeeds. */
const incidents = fc.array(fc.record({ gapMs: fc.nat(4_000), failures: fc.nat(2) }), {
  minLength: 1,
  maxLength: 8,
});

void t.test('a whole supervisor dies exactly when the book says so', async t => {
  captureLog(t);
  await fc.assert(
    fc.asyncProperty(
      incidents,
      fc.nat(5),
      fc.integer({ min: 1, max: 6 }),
      async (story, intensity, period) => {
        const clock = createVirtualClock();
        const old = setClock(clock);
        try {
          const script = newScript();
          const [, pid] = (await supervisor.startLink(() => [
            { intensity, period },
            [childSpec('victim', script)],
          ])) as readonly ['ok', ReturnType<typeof pidOf>];
          const seconds: number[] = [];
          let expected = true;
          for (const { gapMs, failures } of story) {
            await clock.advance(gapMs);
            // One for the incident and one for each failed retry.
            let left = failures;
            Object.defineProperty(script, 'refuse', {
              configurable: true,
              get: () => ((left -= 1) >= 0 ? 'not yet' : undefined),
            });
            for (let count = 0; expected && count <= failures; count += 1) {
              seconds.push(Math.floor(clock.now() / 1_000));
              expected = allowedByTheBook(seconds, seconds.length - 1, intensity, period);
            }
            exit(pidOf('victim'), 'kill');
            for (let turn = 0; turn < 3; turn += 1) await settle();
            if (isAlive(pid) !== expected) return false;
            if (!expected) return true;
          }
          exit(pid, 'kill');
          await settle();
          return true;
        } finally {
          setClock(old);
        }
      },
    ),
    { numRuns: 60 },
  );
});
