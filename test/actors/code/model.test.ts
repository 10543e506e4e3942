/**
 * Random starts, calls, crashes, upgrades, canaries, reversions, loads and purges, beside a model
 * that knows for each process only a version and a count. Each version refuses a state that is not
 * its own, so that nobody runs new code with an old state, or old code with a new one, unseen.
 */
import fc from 'fast-check';
import t from 'tap';
import { call, code, exit, isAlive, processInfo, start } from '../../../actors/index.ts';
import type { GenServer, Pid } from '../../../actors/index.ts';
import { inShare } from '../../../actors/code/share.ts';
import { captureLog } from '../capture-log.ts';
import { exitOf } from '../exit-of.ts';
import { until as waitUntil } from '../until.ts';
import { freshName, listed, version } from './versions.ts';

const SHARE = 0.5;
/** Half of them in the share. */
const KEYS = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'];

const source = (vsn: number): string => `
const check = state => { if (state.v !== ${vsn}) throw new Error('version ${vsn} got a state of ' + state.v); };
exports.vsn = ${vsn};
exports.default = {
  init: () => ['ok', { v: ${vsn}, count: 1 }],
  handleCall(request, _from, state) {
    check(state);
    if (request.kind === 'what') return ['reply', [${vsn}, state.count], state];
    if (request.kind === 'crash') throw new Error('as asked');
    const next = { ...state, count: state.count + 1 };
    return request.kind === 'count' ? ['reply', next.count, next] : request.until.then(() => ['reply', next.count, next]);
  },
  codeChange(oldVsn, state, extra) {
    if (extra === 'fail' && state.count % 3 === 0) throw new Error('as asked');
    if (Array.isArray(oldVsn)) { check(state); return ['ok', { ...state, v: oldVsn[1] }]; }
    if (state.v !== oldVsn) throw new Error('told ' + oldVsn + ' and got a state of ' + state.v);
    return ['ok', { ...state, v: ${vsn} }];
  },
};`;

interface Place {
  readonly v: number;
  crashes: number;
}

interface Runner {
  readonly pid: Pid;
  readonly key: string;
  v: number;
  count: number;
}

interface Slots {
  readonly current: Place;
  readonly old: Place | undefined;
  readonly canary: Place | undefined;
}

/** What a step means: who moves where, and which versions are there afterwards. */
interface Meaning {
  readonly to: number;
  readonly moves: (runner: Runner) => boolean;
  readonly back: boolean;
  /** Whether what starts while it is prepared has the version already. */
  readonly arrives: (key: string) => boolean;
  readonly after: Slots;
}

type StepName = 'upgrade' | 'canary' | 'promote' | 'revert';

class Model {
  slots: Slots = { current: { v: 0, crashes: 0 }, old: undefined, canary: undefined };
  runners: Runner[] = [];

  inForce(key: string): number {
    const { current, canary } = this.slots;
    return canary !== undefined && inShare(key, SHARE) ? canary.v : current.v;
  }

  /** The meaning, or the code of the error, or undefined when nothing is to be done. */
  meaning(step: StepName, v: number): Meaning | string | undefined {
    const { current, old, canary } = this.slots;
    const isIn = (...places: (Place | undefined)[]) => {
      return (runner: Runner): boolean => places.some(place => place?.v === runner.v);
    };
    const everybody = (): boolean => true;
    if (step === 'promote') {
      if (canary === undefined) return 'no_canary';
      const after = { current: canary, old: current, canary: undefined };
      return { to: canary.v, moves: isIn(current, old), back: false, arrives: everybody, after };
    }
    if (step === 'revert') {
      if (canary === undefined && old === undefined) return 'no_old_version';
      const to = canary === undefined ? (old ?? current) : current;
      const after = { current: to, old: canary && old, canary: undefined };
      const moves = isIn(canary ?? current);
      return { to: to.v, moves, back: true, arrives: everybody, after };
    }
    if (canary !== undefined) return 'canary_running';
    if (v === current.v) return undefined;
    const place = { v, crashes: 0 };
    const moves = isIn(current, old);
    if (step === 'upgrade') {
      const after = { current: place, old: current, canary: undefined };
      return { to: v, moves, back: false, arrives: everybody, after };
    }
    const chosen = (key: string): boolean => inShare(key, SHARE);
    const movesChosen = (runner: Runner): boolean => moves(runner) && chosen(runner.key);
    const after = { current, old, canary: place };
    return { to: v, moves: movesChosen, back: false, arrives: chosen, after };
  }

  moving({ to, moves }: Meaning): Runner[] {
    return this.runners.filter(runner => runner.v !== to && moves(runner));
  }

  /** Ends those whose version is gone. */
  settle(after: Slots): void {
    const before = this.slots;
    this.slots = after;
    const gone = places(before).filter(({ v }) => places(after).every(place => place.v !== v));
    this.runners = this.runners.filter(runner => gone.every(({ v }) => v !== runner.v));
  }

  crashed(runner: Runner): void {
    this.runners = this.runners.filter(one => one !== runner);
    const chosen = this.inForce(runner.key);
    const { current, old, canary } = this.slots;
    const inOrder = [chosen === canary?.v ? canary : undefined, current, old, canary];
    const place = inOrder.find(one => one?.v === runner.v);
    if (place !== undefined) place.crashes += 1;
  }
}

const places = ({ current, old, canary }: Slots): Place[] =>
  [current, old, canary].filter(place => place !== undefined);

const at = fc.nat(20);
const operation = fc.oneof(
  fc.record({ kind: fc.constant('start' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ kind: fc.constantFrom('count' as const, 'kill' as const, 'crash' as const), at }),
  fc.record({ kind: fc.constant('load' as const), version: fc.option(at) }),
  fc.record({ kind: fc.constantFrom('purge' as const, 'softPurge' as const) }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      step: fc.constantFrom<StepName>('upgrade', 'upgrade', 'canary', 'promote', 'revert'),
      /** An older version once more, or a new one. */
      version: fc.option(at, { freq: 3 }),
      extra: fc.constantFrom('', '', 'fail'),
      /** Who awaits when the step begins. */
      busy: fc.option(at),
      /** Who starts while it is prepared. */
      arrives: fc.option(fc.constantFrom(...KEYS)),
      end: fc.constantFrom('commit' as const, 'commit' as const, 'revert' as const),
    }),
  },
);

type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;
type StepOperation = Extract<Operation, { kind: 'step' }>;

class Drive {
  readonly name = freshName('model');
  readonly model = new Model();
  readonly versions: code.Version[] = [];
  readonly builtIn: GenServer;
  prepared: code.Prepared | undefined;

  constructor() {
    const { exports } = version(this.name, source(0));
    code.define(this.name, exports);
    this.builtIn = (exports as { default: GenServer }).default;
    this.versions.push(code.builtIn(this.name));
  }

  async run(operation: Operation): Promise<void> {
    const { model } = this;
    switch (operation.kind) {
      case 'start':
        await this.start(operation.key, model.inForce(operation.key));
        break;
      case 'count':
      case 'kill':
      case 'crash':
        await this.disturb(operation.kind, operation.at);
        break;
      case 'load':
        this.load(this.pick(operation.version));
        break;
      case 'purge':
      case 'softPurge':
        this.purge(operation.kind);
        break;
      case 'step':
        await this.step(operation);
    }
    await this.compare();
  }

  async start(key: string, v: number): Promise<void> {
    const result = await start(this.builtIn, undefined, { codeKey: key });
    if (result[0] !== 'ok') throw new Error('did not start');
    this.model.runners.push({ pid: result[1], key, v, count: 1 });
  }

  async disturb(kind: 'count' | 'kill' | 'crash', at: number): Promise<void> {
    const { runners } = this.model;
    const runner = runners[at % runners.length];
    if (runner === undefined) return;
    if (kind === 'count') runner.count = (await call(runner.pid, { kind })) as number;
    else if (kind === 'kill') {
      exit(runner.pid, 'kill');
      this.model.runners = runners.filter(one => one !== runner);
    } else {
      await exitOf(call(runner.pid, { kind }));
      this.model.crashed(runner);
    }
  }

  /** A new version, or one that was there before. */
  pick(again: number | null): code.Version {
    const { versions } = this;
    const known = again === null ? undefined : versions[again % versions.length];
    if (known !== undefined) return known;
    const made = version(this.name, source(versions.length));
    versions.push(made);
    return made;
  }

  load(picked: code.Version): void {
    const meaning = this.model.meaning('upgrade', picked.vsn as number);
    if (typeof meaning === 'string') {
      t.throws(() => code.load([picked]), { code: meaning });
      return;
    }
    code.load([picked]);
    if (meaning !== undefined) this.model.settle(meaning.after);
  }

  purge(kind: 'purge' | 'softPurge'): void {
    const { model, name } = this;
    const { current, old, canary } = model.slots;
    const kept = [current.v, canary?.v];
    const lingers = model.runners.some(({ v }) => v === old?.v && !kept.includes(v));
    const answer = code[kind](name);
    if (answer !== (kind === 'purge' ? lingers : !lingers)) throw new Error(`${kind}: ${answer}`);
    if (kind === 'purge' || !lingers) model.settle({ current, old: undefined, canary });
  }

  async step({ step, version, extra, busy, arrives, end }: StepOperation): Promise<void> {
    const { model, name } = this;
    const loads = step === 'upgrade' || step === 'canary';
    const picked = loads ? this.pick(version) : undefined;
    const meaning = model.meaning(step, (picked?.vsn ?? -1) as number);
    const through = await this.keepBusy(busy);
    const preparing = code.prepare(
      picked === undefined
        ? ({ [step]: [name] } as { promote: string[] } | { revert: string[] })
        : { load: [picked], share: step === 'canary' ? SHARE : undefined },
      { extra },
    );
    // What it comes to is looked at below.
    preparing.then(
      prepared => (this.prepared = prepared),
      () => undefined,
    );
    await through();
    const expected = this.expect(meaning, extra);
    if (typeof expected === 'string') {
      const failure: unknown = await preparing.then(
        () => 'no error',
        (error: unknown) => error,
      );
      if ((failure as { code?: string }).code === expected) return;
      throw new Error(`expected ${expected}`, { cause: failure });
    }
    const prepared = await preparing;
    if (expected === undefined) {
      prepared.commit();
      return;
    }
    const moving = model.moving(expected);
    for (const runner of moving) {
      if (expected.back && extra === 'fail' && runner.count % 3 === 0) model.crashed(runner);
    }
    const moved = moving.filter(runner => model.runners.includes(runner));
    if (prepared.processes !== moved.length) throw new Error(`${prepared.processes} were changed`);
    if (arrives !== null) {
      await this.start(arrives, expected.arrives(arrives) ? expected.to : model.inForce(arrives));
      if (end === 'revert' && !expected.back) {
        const runner = model.runners.at(-1);
        if (runner !== undefined) runner.v = model.inForce(arrives);
      }
    }
    prepared[end]();
    if (end === 'revert') return;
    for (const runner of moved) runner.v = expected.to;
    model.settle(expected.after);
  }

  /** What is to come of it, when all are at rest: a step forward fails as a whole. */
  expect(meaning: ReturnType<Model['meaning']>, extra: string): typeof meaning {
    if (typeof meaning !== 'object' || meaning.back || extra !== 'fail') return meaning;
    const fails = this.model.moving(meaning).some(({ count }) => count % 3 === 0);
    return fails ? 'code_change_failed' : meaning;
  }

  /** Lets a process await, and returns what lets it go on and waits for it. */
  async keepBusy(at: number | null): Promise<() => Promise<void>> {
    const { runners } = this.model;
    const runner = at === null ? undefined : runners[at % runners.length];
    if (runner === undefined) return () => Promise.resolve();
    let release = (): void => undefined;
    const until = new Promise<void>(resolve => (release = resolve));
    const waited = call(runner.pid, { kind: 'wait', until } as never) as Promise<number>;
    await waitUntil(() => processInfo(runner.pid)?.status === 'awaiting');
    return async () => {
      release();
      runner.count = await waited;
    };
  }

  async compare(): Promise<void> {
    const { model, name } = this;
    for (const { pid, v, count } of model.runners) {
      if (!isAlive(pid)) throw new Error(`${pid} of version ${v} is dead`);
      const [is, counted] = (await call(pid, { kind: 'what' })) as [number, number];
      if (is !== v || counted !== count)
        throw new Error(`${is}, ${counted} and not ${v}, ${count}`);
    }
    const info = listed(name);
    const taken = new Set<number>();
    for (const slot of ['current', 'canary', 'old'] as const) {
      const place = model.slots[slot];
      const there = info[slot];
      const processes = model.runners.filter(({ v }) => v === place?.v && !taken.has(v)).length;
      if (place !== undefined) taken.add(place.v);
      const expected = place && { vsn: place.v, crashes: place.crashes, processes };
      const got = there && { vsn: there.vsn, crashes: there.crashes, processes: there.processes };
      if (JSON.stringify(got) !== JSON.stringify(expected)) {
        throw new Error(`${slot}: ${JSON.stringify(got)} and not ${JSON.stringify(expected)}`);
      }
    }
  }

  end(): void {
    // Of a run that failed in between.
    this.prepared?.revert();
    for (const { pid } of this.model.runners) exit(pid, 'kill');
  }
}

void t.test('processes, versions and counts are those of the model', async t => {
  captureLog(t);
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 30, size: 'max' }), async operations => {
      const drive = new Drive();
      for (const key of KEYS) await drive.start(key, 0);
      try {
        for (const one of operations) await drive.run(one);
      } finally {
        drive.end();
      }
    }),
    { numRuns: Number(process.env['CODE_MODEL_RUNS'] ?? 150) },
  );
  t.pass('they agree');
});
