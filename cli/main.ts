/**
 * The `strowger` command. Exit codes: 0 done, 1 failed (with a code and a sentence on stderr), 2 wrong usage,
 * 3 `listen` ran out of time.
 */
import { Command, CommanderError } from 'commander';
import { commands } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { failureOf } from './failure.ts';
import { say, styles } from './output.ts';
import { version } from './version.ts';

/** Runs the command that the process's arguments ask for, and ends the process. */
export async function main(): Promise<never> {
  try {
    const program = await makeProgram(process.argv.slice(2));
    await program.parseAsync();
  } catch (error) {
    // Commander has printed its sentence by now.
    if (error instanceof CommanderError)
      process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage);
    const { exitCode, text } = failureOf(error);
    say(styles.red(text));
    process.exit(exitCode);
  }
  // Whatever was to be kept or printed has been: open handles (an idle HTTP connection) are not waited for.
  process.exit();
}

async function makeProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('strowger')
    .description('A chat server that one person can host, and its clients for the terminal.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(styles.red(text)) });
  for (const { name, summary, load } of commands) {
    const command = program
      .command(name)
      .description(summary)
      .showHelpAfterError(`\`strowger ${name} --help\` tells how it is used.`);
    // Only what is asked for is loaded, so that `send` does not wait for a server's code.
    if (args[0] === name || (args[0] === 'help' && args[1] === name)) (await load())(command);
  }
  return program.showHelpAfterError('`strowger --help` lists the commands.');
}
