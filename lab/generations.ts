/** Versions of the server's processes that only get on with states of their own: a state that was not migrated crashes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const migrated = ['mailbox', 'session'] as const;

/** The source of such a version. */
export const generation = (module: (typeof migrated)[number], number: number): string => `
import { builtin } from 'strowger/server';

export const vsn = ${number};

export default {
  ...builtin.${module},
  init(argument: never) {
    const [ok, state] = builtin.${module}.init(argument) as [string, object];
    return [ok, { ...state, generation: ${number} }];
  },
  handleInfo(message: never, state: never) {
    const { generation } = state as { generation: number };
    if (generation !== ${number}) throw new Error('this state is of generation ' + generation);
    return builtin.${module}.handleInfo?.(message, state);
  },
  codeChange(_from: unknown, state: object) {
    return ['ok', { ...state, generation: ${number} }];
  },
};
`;

/** Puts the next version of sessions and mailboxes into a handlers' directory. */
export async function writeGeneration(directory: string, number: number): Promise<void> {
  for (const module of migrated)
    await writeFile(join(directory, `${module}.ts`), generation(module, number));
}
