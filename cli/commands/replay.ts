/** `strowger replay`: the step that crashed a process, once more, so that one can see why and prove that it is mended. */
import { url as inspectorUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import type { Command } from 'commander';
import { describeReason, type ExitReason } from '../../server/crashes/reason.ts';
import { readHandlers } from '../../server/code/handler-files.ts';
import { moduleNames } from '../../server/code/swappable.ts';
import { readCrashFile, type CrashFile } from '../../server/crashes/crash-file.ts';
import { changes } from '../../server/crashes/difference.ts';
import { replay, type Replayed } from '../../server/crashes/replay.ts';
import type { Deed } from '../../server/crashes/stand-ins.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson } from '../output.ts';

interface Options {
  readonly handlers?: string;
  readonly json?: true;
}

export function defineReplay(command: Command): void {
  command
    .argument('<file>', 'a file that `serve --crashes DIR` has kept')
    .option('--handlers <dir>', 'with these handlers in the place of those that ran: mended ones')
    .option('--json', 'as one JSON object')
    .addHelpText(
      'after',
      '\nExit codes: 0 the step passes now, 1 it crashes as it did, 3 it ends otherwise, 2 wrong usage.',
    )
    .action(run);
}

async function run(path: string, { handlers, json }: Options): Promise<void> {
  const file = readCrashFile(path);
  const mended = handlers === undefined ? undefined : await readHandlers(handlers, moduleNames);
  const over = limitTime();
  const replayed = await replay(file, mended);
  over();
  const verdict = judge(file, replayed);
  if (json === true) await printJson({ verdict, ...plainly(replayed) });
  else for (const line of told(file, replayed, verdict)) await print(line);
  process.exitCode = { passes: exitCodes.done, same: exitCodes.failed, otherwise: 3 }[verdict];
}

/** A step takes milliseconds. One that never returns holds this thread, so another one looks at the clock. */
const STEP_MS = 10_000;
const NEVER =
  'The step never returns, or what is at the top of a handler does not: this program ends.\n';
const CLOCK = `
const { workerData } = require('node:worker_threads');
setTimeout(() => {
  require('node:fs').writeSync(2, workerData.text);
  process.kill(process.pid, 'SIGKILL');
}, workerData.ms);
`;

/** @returns what ends the limit; in a debugger there is none */
function limitTime(): () => void {
  if (inspectorUrl() !== undefined) return () => undefined;
  const clock = new Worker(CLOCK, { eval: true, workerData: { ms: STEP_MS, text: NEVER } });
  clock.unref();
  return () => void clock.terminate();
}

type Verdict = 'passes' | 'same' | 'otherwise';

function judge({ summary }: CrashFile, { outcome }: Replayed): Verdict {
  if (outcome.kind === 'passed') return 'passes';
  return outcome.kind === 'crashed' && describeReason(outcome.reason) === summary
    ? 'same'
    : 'otherwise';
}

function* told(file: CrashFile, { outcome, deeds, before }: Replayed, verdict: Verdict) {
  const at = new Date(file.at).toISOString();
  yield `${file.name ?? file.label} (${file.pid}) crashed in ${file.callback} at ${at}: ${file.summary}`;
  yield* deeds.map(deed => `  ${describeDeed(deed)}`);
  switch (outcome.kind) {
    case 'passed':
      yield 'The step passes now.';
      if (outcome.reply !== undefined) yield `  reply: ${JSON.stringify(outcome.reply)}`;
      // What `init` makes of its argument is no change of it.
      if (file.callback !== 'init')
        yield* changes(before, outcome.state).map(change => `  state ${change}`);
      return;
    case 'crashed':
      yield verdict === 'same'
        ? 'The step crashes as it did.'
        : `The step crashes otherwise: ${describeReason(outcome.reason)}`;
      yield stackOf(outcome.reason);
      return;
    case 'waits':
      yield 'The step waits for an answer that it did not get then either.';
  }
}

const describeDeed = ({ what, to, message, answered }: Deed): string =>
  `${what} to ${to}: ${shortly(message)}${answered === false ? ' (not answered)' : ''}`;

const SHORT = 160;

/** Of bytes only their number. */
function shortly(message: unknown): string {
  const text = JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? `<${value.length} bytes>` : value,
  );
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}

/** Where it was thrown, as far as it is not the runtime. */
function stackOf(reason: ExitReason): string {
  const { stack } = (reason ?? {}) as { readonly stack?: unknown };
  if (typeof stack !== 'string') return `  ${describeReason(reason)}`;
  return stack
    .split('\n')
    .filter(line => !/[\\/]actors[\\/]|node:|node_modules/.test(line))
    .join('\n');
}

const plainly = ({ outcome, deeds }: Replayed) => ({
  outcome:
    outcome.kind === 'crashed' ? { ...outcome, reason: describeReason(outcome.reason) } : outcome,
  deeds: deeds.map(describeDeed),
});
