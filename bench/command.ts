/** The `bench` command, of `npm run bench` and of `strowger bench`: one subject next to its baseline. */
import { Argument, type Command } from 'commander';
import { printReport, type BenchReport } from './report.ts';

interface Options {
  readonly quick: boolean;
  readonly json?: string;
  readonly server?: string;
}

/** Each is loaded when it is asked for: they bring a server, a database or Erlang with them. */
const subjects: Record<string, (options: Options) => Promise<BenchReport>> = {
  actors: async options => (await import('./actors.ts')).run(options),
  recovery: async options => (await import('./recovery.ts')).run(options),
  relay: async options => (await import('./relay.ts')).run(options),
};

export function defineBench(command: Command): void {
  command
    .addArgument(new Argument('<subject>', 'what to measure').choices(Object.keys(subjects)))
    .option('--json <file>', 'write {subject, machine, results, ratios} to this file')
    .option('--quick', 'a short run: the figures are rough', false)
    .option('--server <url>', 'a running server to load instead of one of our own')
    .action(async (subject: string, options: Options) => {
      const report = await subjects[subject]?.(options);
      if (report !== undefined) printReport(report, options.json);
    });
}
