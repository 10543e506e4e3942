/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** The same command with a terminal for its input and its outputs, which `script` gives to what it runs. */
export const onTerminal = (command: Command, tail = ''): Command => [
  'script',
  ...['--quiet', '--return', '--command'],
  `${command.map(word => `'${word}'`).join(' ')} ${tail}`,
  '/dev/null',
];
