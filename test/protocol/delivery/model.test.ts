import t from 'tap';
import { brokenRules } from './model/broken.ts';
import { theRules } from './model/rules.ts';
import { run } from './model/world.ts';

/**
 * The random model of delivery: `STROWGER_MODEL_SEEDS=20000` runs as many mixtures of faults as that, and
 * `STROWGER_MODEL_FROM` says with which one to begin. A seed that fails is looked at with `run(seed, theRules,
 * { trace: console.log })`.
 */
const seeds = Number(process.env['STROWGER_MODEL_SEEDS'] ?? 400);
const first = Number(process.env['STROWGER_MODEL_FROM'] ?? 1);
/** A broken rule must be noticed within so many runs. */
const patience = 400;

void t.test(`with all rules nothing goes wrong in ${seeds} runs`, async t => {
  const happened: Record<string, number> = {};
  for (let seed = first; seed < first + seeds; seed++) {
    const result = run(seed, theRules);
    for (const [what, count] of Object.entries(result.happened))
      happened[what] = (happened[what] ?? 0) + count;
    if (result.violations.length > 0) t.same(result.violations, [], `seed ${seed}`);
  }
  t.comment(happened);
  for (const what of ['taken', 'read', 'expired', 'removed', 'retired', 'server restored'])
    t.ok((happened[what] ?? 0) > seeds / 20, `${what}: often enough to mean something`);
});

for (const { name, without, rules, often } of brokenRules)
  void t.test(`without ${name}, ${without}`, async t => {
    for (let seed = 1; seed <= patience; seed++) {
      const { violations } = run(seed, { ...theRules, ...rules }, often ? { often } : {});
      const [violation] = violations;
      if (violation === undefined) continue;
      t.pass(`seed ${seed}: ${violation.kind}: ${violation.what}`);
      return;
    }
    t.fail(`nobody noticed in ${patience} runs`);
  });
