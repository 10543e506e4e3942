/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/**
 * The same command with a terminal for its input and its outputs, which `script` gives to what it runs: in the plain
 * shell, as the user's own may not be one, or has to say something about a locale first.
 */
export const onTerminal = (command: Command, tail = ''): Command => [
  'env',
  ...['SHELL=/bin/sh', 'script', '--quiet', '--return', '--command'],
  `${command.map(word => `'${word}'`).join(' ')} ${tail}`,
  '/dev/null',
];
