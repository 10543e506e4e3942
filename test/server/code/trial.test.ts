import t from 'tap';
import { failed, newTrial, type TrialLimits } from '../../../server/code/trial.ts';

const limits: TrialLimits = { probationMs: 1_000, canaryMs: 5_000, crashes: 3 };

void t.test('what everybody has may crash less often than the limit', async t => {
  const trial = newTrial(1, ['ping'], undefined, limits, 10_000);
  t.equal(trial.endsAt, 11_000);
  trial.crashes = 2;
  t.notOk(failed(trial, limits));
  trial.crashes = 3;
  t.ok(failed(trial, limits));
});

void t.test('a canary is compared with the others, by share', async t => {
  const trial = newTrial(1, ['ping'], 0.01, limits, 10_000);
  t.equal(trial.endsAt, 15_000);
  trial.crashes = 3;
  t.ok(failed(trial, limits), 'nobody else crashes');
  trial.othersCrashes = 99;
  t.ok(failed(trial, limits), '3 of 1 % are more than twice 99 of 99 %');
  trial.othersCrashes = 149;
  t.notOk(failed(trial, limits), 'they crash about as often: it is no fault of the canary');
  trial.crashes = 2;
  trial.othersCrashes = 0;
  t.notOk(failed(trial, limits), 'too few to tell');
});
