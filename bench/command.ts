/** The `bench` command, of `npm run bench` and of `strowger bench`: one subject next to its baseline, or all of them. */
import { constants } from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { BenchOptions } from './options.ts';
import type { PlanOptions } from './plan.ts';
import { assumptions } from './plan/scenario.ts';
import { record } from './record.ts';
import { printReport } from './report.ts';
import { planSummary, subjects } from './subjects.ts';

interface CommandOptions extends BenchOptions {
  readonly json?: string;
}

interface AllFlags {
  readonly html: string;
  readonly quick: boolean;
  readonly from?: string;
  readonly jsonDir?: string;
  readonly isolates?: string;
}

const json = ['--json <file>', 'write the report to this file'] as const;
const quick = ['--quick', 'a short run: the figures are rough', false] as const;

const flags = {
  server: new Option('--server <url>', 'a running server to load instead of one of our own'),
  connections: new Option('--connections <n>', 'how many clients are connected').argParser(
    wholeNumber,
  ),
  seconds: new Option('--seconds <n>', 'how long each measurement takes').argParser(number),
  isolates: new Option(
    '--isolates <n[,m]>',
    'how many isolates our own server gets; several are shown side by side where the subject can',
  ).argParser(text => text.split(',').map(each => (each === '0' ? 0 : wholeNumber(each)))),
};

export function defineBench(command: Command): void {
  // By exiting, and so not without its servers and clients (lab/end-with-us.ts).
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  for (const [name, { summary, takes, load }] of Object.entries(subjects)) {
    const subject = command
      .command(name)
      .description(summary)
      .option(...json)
      .option(...quick)
      .action(async ({ json, ...options }: CommandOptions) => {
        const run = await load();
        printReport(await record(await run(options), options.quick), json);
      });
    for (const flag of takes) subject.addOption(flags[flag]);
  }
  definePlan(command);
  defineAll(command);
}

function definePlan(command: Command): void {
  const plan = command
    .command('plan')
    .description(planSummary)
    .option(...json)
    .option('--from <dir>', 'measured costs from the reports in this folder')
    .action(async ({ json, ...options }: PlanOptions & { readonly json?: string }) => {
      const { run } = await import('./plan.ts');
      printReport(await record(await run(options), false), json);
    });
  for (const { flag, text, default: usual } of Object.values(assumptions))
    plan.addOption(new Option(flag, `${text} (usually ${usual})`).argParser(number));
}

function defineAll(command: Command): void {
  command
    .command('all')
    .description('every subject, and a page for people')
    .requiredOption('--html <file>', 'write the page to this file')
    .option('--from <dir>', 'make the page of the reports in this folder, measure nothing')
    .option('--json-dir <dir>', 'keep the reports in this folder')
    .option('--isolates <n[,m]>', 'handed on to the subjects that take it')
    .option(...quick)
    .action(async (options: AllFlags) => {
      const { run } = await import('./all.ts');
      const failures = await run({
        ...options,
        subjects: [...Object.keys(subjects), 'plan'],
        argumentsFor: (subject, directory) =>
          subject === 'plan'
            ? ['--from', directory]
            : [
                ...(options.quick ? ['--quick'] : []),
                ...(options.isolates !== undefined && subjects[subject]?.takes.includes('isolates')
                  ? ['--isolates', options.isolates]
                  : []),
              ],
      });
      if (failures.length > 0)
        throw new Error(`not measured: ${failures.map(({ subject }) => subject).join(', ')}`);
    });
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number above 0.');
}

function number(text: string): number {
  if (/^\d+(\.\d+)?(e\d+)?$/i.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number such as 2000000000, 2e9 or 0.5.');
}
