/** `strowger chaos`: kills processes of a server of its own under load, and tells whether the promises held. */
import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { createLogUpdate } from 'log-update';
import { runChaos, type ChaosOptions, type Progress } from '../../lab/chaos/chaos.ts';
import { killKinds, type KillKind } from '../../lab/chaos/kinds.ts';
import { chaosPage } from '../../lab/chaos/report.ts';
import {
  complaints,
  notKilled,
  outcomeOf,
  summaries,
  untested,
  type ChaosResult,
  type Outcome,
} from '../../lab/chaos/result.ts';
import { nearest } from '../../server/config/suggestion.ts';
import { count, seconds } from '../arguments.ts';
import { killLine, progressLine, screen, verdictText } from '../chaos/text.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandError, UsageError } from '../failure.ts';
import { terminalSize } from '../observe/screen.ts';
import { print, printJson, say, stdoutStyles } from '../output.ts';
import { stopOnSignal } from '../stop-on-signal.ts';

interface Options {
  /** Milliseconds, as the next one. */
  readonly duration: number;
  readonly drain: number;
  readonly users: number;
  readonly rate: number;
  readonly kill: readonly KillKind[];
  readonly every: number;
  readonly seed?: number;
  readonly report?: string;
  readonly json?: true;
}

/** How long after Ctrl-C what is under way may still arrive: that it did not come so soon proves nothing. */
const UNDER_WAY_MS = 2_000;
const USERS_LIMIT = 10_000;
const SHORTEST_EVERY_MS = 100;
/** A time line has a point for each second. */
const LONGEST_SECONDS = 24 * 60 * 60;
const SEEDS = 2 ** 31;
/** Into a log one line in so many seconds. */
const LINE_EVERY_SECONDS = 5;
const ALL = 'all';
/** Of the server's flags these are the lab's. */
const OWN_FLAGS = ['--data', '--data-directory', '--port', '--log-level', '--sessions-restarts'];

export function defineChaos(command: Command): void {
  command
    .argument('[flags...]', 'after --: further flags of `strowger serve`, such as --isolates 2')
    .addOption(flag('--duration <seconds>', 'how long', seconds, 30_000, '30'))
    .addOption(flag('--users <n>', 'how many are connected, an even number', userCount, 32))
    .addOption(flag('--rate <n>', 'messages a second of all together', count, 200))
    .addOption(
      flag('--kill <kinds>', `what is killed: ${killKinds.join(',')}`, kinds, killKinds, ALL),
    )
    .addOption(flag('--every <ms>', 'from one kill to the next', everyMs, 1_000))
    .addOption(
      flag(
        '--drain <seconds>',
        'what has not arrived so long after is lost',
        seconds,
        30_000,
        '30',
      ),
    )
    .addOption(
      new Option('--seed <n>', 'the same seed makes the same choices').argParser(seedNumber),
    )
    .option('--report <file>', 'write a page with time lines (HTML)')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nCtrl-C ends it with the verdict so far, a second one without; docs/chaos.md tells more.',
    )
    .action(chaos);
}

async function chaos(serverArguments: readonly string[], options: Options): Promise<void> {
  check(serverArguments, options);
  const {
    seed = Math.floor(Math.random() * SEEDS),
    duration,
    drain,
    users,
    rate,
    kill,
    every,
  } = options;
  const ending = new AbortController();
  const cutting = new AbortController();
  let signalled: number | null = null;
  const end = (exitCode: number): Promise<void> => {
    signalled = exitCode;
    ending.abort();
    setTimeout(() => cutting.abort(), UNDER_WAY_MS).unref();
    return Promise.resolve();
  };
  // Its server has a session of its own: a terminal that is closed tells the lab alone.
  stopOnSignal(end, process, undefined, ['SIGTERM', 'SIGINT', 'SIGHUP']);
  const view = viewOf(options, seed);
  const result = await runChaos({
    ...{ seconds: duration / 1_000, drainMs: drain, users, ratePerSecond: rate, kinds: kill },
    ...{ everyMs: every, seed, serverArguments },
    ...{ until: ending.signal, cut: cutting.signal, ...view.listeners },
  });
  view.end();
  await (options.json === true
    ? printJson(asJson(result))
    : print(verdictText(result, stdoutStyles, columnsOf(process.stdout))));
  if (options.report !== undefined) writeReport(options.report, result);
  process.exitCode = exitCodeOf(outcomeOf(result), signalled);
}

/** Of a run that a signal has ended only what is broken is a result. */
function exitCodeOf(outcome: Outcome, signalled: number | null): number {
  if (outcome === 'broken') return exitCodes.failed;
  return signalled ?? (outcome === 'held' ? exitCodes.done : exitCodes.failed);
}

/** @throws CommandError `report_not_written` */
function writeReport(file: string, result: ChaosResult): void {
  try {
    writeFileSync(file, chaosPage(result, new Date().toISOString()));
  } catch (cause) {
    const why = (cause as Error).message;
    throw new CommandError('report_not_written', `${file} cannot be written: ${why}`, { cause });
  }
  say(`The report is in ${file}.`);
}

/** Of a terminal; elsewhere lines are as long as they come. */
const columnsOf = (out: NodeJS.WriteStream): number | undefined =>
  out.isTTY ? terminalSize(out).columns : undefined;

interface View {
  readonly listeners: Pick<ChaosOptions, 'onProgress' | 'onKill'>;
  end(): void;
}

/** A screen on a terminal, lines elsewhere, nothing beside JSON. */
function viewOf({ json, duration, kill }: Options, seed: number): View {
  if (json === true) return { listeners: {}, end: () => undefined };
  if (!process.stdout.isTTY) {
    say(`seed ${seed}`);
    let last: Progress | null = null;
    return {
      listeners: {
        onProgress: progress => {
          const { phase, seconds } = progress;
          if (phase === last?.phase && seconds < last.seconds + LINE_EVERY_SECONDS) return;
          last = progress;
          say(progressLine(progress));
        },
        onKill: done => say(killLine(done)),
      },
      end: () => undefined,
    };
  }
  const paint = createLogUpdate(process.stdout, { showCursor: false });
  return {
    listeners: {
      onProgress: progress => {
        const size = terminalSize(process.stdout);
        const plan = { kinds: kill, seconds: duration / 1_000 };
        paint(screen(progress, plan, { styles: stdoutStyles, size }));
      },
    },
    end: () => {
      paint.clear();
      paint.done();
    },
  };
}

const CASES_TOLD = 10;

/** Findings by their number and their first cases: there may be very many. */
function asJson(result: ChaosResult): object {
  const { verdict, kills, timeline, ...rest } = result;
  const { counts, ...findings } = verdict;
  return {
    ...rest,
    outcome: outcomeOf(result),
    held: outcomeOf(result) === 'held',
    complaints: complaints(result),
    untested: untested(result),
    notKilled: notKilled(result),
    counts,
    findings: Object.fromEntries(
      Object.entries(findings).map(([kind, { length }]) => [kind, length]),
    ),
    cases: Object.fromEntries(
      Object.entries(findings)
        .filter(([, { length }]) => length > 0)
        .map(([kind, found]) => [kind, found.slice(0, CASES_TOLD)]),
    ),
    recovery: summaries(result),
    kills,
    timeline,
  };
}

/** @throws UsageError */
function check(serverArguments: readonly string[], { duration, report }: Options): void {
  const [first] = serverArguments;
  if (first !== undefined && !first.startsWith('-'))
    throw new UsageError(
      `unexpected argument '${first}': what comes after -- are flags of \`strowger serve\`, as in \`strowger chaos -- --isolates 2\``,
    );
  const own = serverArguments.find(each =>
    OWN_FLAGS.some(name => each === name || each.startsWith(`${name}=`)),
  );
  if (own !== undefined)
    throw new UsageError(
      `${own} is the lab's own: its server has a directory and a port of its own`,
    );
  if (duration > LONGEST_SECONDS * 1_000)
    throw new UsageError(`--duration is at most ${LONGEST_SECONDS} seconds, a day`);
  if (report !== undefined) checkReport(report);
}

/** Before the run, not after it. */
function checkReport(file: string): void {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
      throw new Error('it is a directory');
    accessSync(dirname(resolve(file)), constants.W_OK);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new UsageError(`--report ${file} cannot be written: ${why}`, { cause });
  }
}

function flag<T>(
  name: string,
  text: string,
  parse: (text: string) => T,
  value: T,
  shown = String(value),
): Option {
  return new Option(name, text).argParser(parse).default(value, shown);
}

function userCount(text: string): number {
  const users = count(text);
  if (users % 2 !== 0 || users > USERS_LIMIT)
    throw new InvalidArgumentError(
      `Give an even number from 2 to ${USERS_LIMIT}: they talk in pairs.`,
    );
  return users;
}

function everyMs(text: string): number {
  const ms = count(text);
  if (ms < SHORTEST_EVERY_MS)
    throw new InvalidArgumentError(
      `Give ${SHORTEST_EVERY_MS} or more: supervisors stand so many restarts in a time and no more.`,
    );
  return ms;
}

function seedNumber(text: string): number {
  if (!/^[0-9]+$/.test(text) || Number(text) >= SEEDS)
    throw new InvalidArgumentError(`Give a whole number below ${SEEDS}.`);
  return Number(text);
}

function kinds(text: string): readonly KillKind[] {
  if (text === ALL) return killKinds;
  const names = text.split(',').map(name => name.trim());
  for (const name of names) {
    if ((killKinds as readonly string[]).includes(name)) continue;
    const meant = nearest(name, killKinds);
    throw new InvalidArgumentError(
      `There is no kind ${JSON.stringify(name)}. ${meant === undefined ? `There are ${killKinds.join(', ')}.` : `Did you mean "${meant}"?`}`,
    );
  }
  return killKinds.filter(kind => names.includes(kind));
}
