/** The `bench` command, of `npm run bench` and of `strowger bench`: one subject next to its baseline. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { BenchOptions } from './options.ts';
import { record } from './record.ts';
import { printReport } from './report.ts';
import { subjects } from './subjects.ts';

interface CommandOptions extends BenchOptions {
  readonly json?: string;
}

const flags = {
  server: new Option('--server <url>', 'a running server to load instead of one of our own'),
  connections: new Option('--connections <n>', 'how many clients are connected').argParser(
    positive,
  ),
  isolates: new Option(
    '--isolates <n[,m]>',
    'how many isolates our own server gets; several are shown side by side where the subject can',
  ).argParser(text => text.split(',').map(positiveOrZero)),
};

export function defineBench(command: Command): void {
  for (const [name, { summary, takes, load }] of Object.entries(subjects)) {
    const subject = command
      .command(name)
      .description(summary)
      .option('--json <file>', 'write the report to this file')
      .option('--quick', 'a short run: the figures are rough', false)
      .action(async ({ json, ...options }: CommandOptions) => {
        const run = await load();
        printReport(await record(await run(options), options.quick), json);
      });
    for (const flag of takes) subject.addOption(flags[flag]);
  }
}

function positive(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number above 0.');
}

function positiveOrZero(text: string): number {
  return text === '0' ? 0 : positive(text);
}
