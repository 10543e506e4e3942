/** `strowger code`: the modules of a running server, and how they are changed without closing a connection. */
import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { Listing, ModuleRow, VersionRow } from '../../server/code/listing.ts';
import { administer, withServer, type AdministerOptions } from '../administer.ts';
import { print, printJson } from '../output.ts';

const BASE = '/v1/admin/code';

export function defineCode(command: Command): void {
  withServer(
    command
      .command('list')
      .description('what runs, what ran before, what is on trial, and what has happened'),
  )
    .option('--json', 'as one JSON object')
    .action(list);
  withServer(
    command
      .command('load')
      .argument(
        '[dir]',
        'the directory; without it the one that was named last, else that of serve --handlers',
      )
      .description('load the handlers of a directory in every isolate, or in none'),
  )
    .option('--canary <share>', 'only for a share of the users at first: 1% or 0.5%', share)
    .action(load);
  withServer(
    command
      .command('promote')
      .argument('[modules...]', 'which; without any all of the canary')
      .description('give everybody the canary'),
  ).action((modules: string[], options: AdministerOptions) => change('promote', modules, options));
  withServer(
    command
      .command('revert')
      .argument('[modules...]', 'which; without any the canary, else what was loaded last')
      .description('go back to the version before'),
  ).action((modules: string[], options: AdministerOptions) => change('revert', modules, options));
  withServer(
    command
      .command('purge')
      .argument('[modules...]', 'which; without any all')
      .description('forget the versions before, and end whoever still runs one'),
  )
    .option('--soft', 'only where nobody runs one any more')
    .action(
      (modules: string[], { soft = false, ...options }: AdministerOptions & { soft?: boolean }) =>
        change('purge', modules, options, { soft }),
    );
}

/** @returns per cent */
function share(text: string): number {
  const percent = Number(/^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]);
  if (!(percent > 0 && percent < 100))
    throw new InvalidArgumentError(
      'Give a share of the users, above 0% and below 100%, such as 1%.',
    );
  return percent;
}

interface LoadOptions extends AdministerOptions {
  readonly canary?: number;
}

async function load(directory: string | undefined, { canary, ...options }: LoadOptions) {
  const body = {
    ...(directory === undefined ? {} : { directory: resolve(directory) }),
    ...(canary === undefined ? {} : { canary }),
  };
  await printJson(await administer(options, `${BASE}/load`, body));
}

async function change(
  what: 'promote' | 'revert' | 'purge',
  modules: readonly string[],
  options: AdministerOptions,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await printJson(await administer(options, `${BASE}/${what}`, { modules, ...more }));
}

async function list({ json, ...options }: AdministerOptions & { json?: true }): Promise<void> {
  const listing = (await administer(options, BASE)) as Listing;
  if (json === true) await printJson(listing);
  else for (const line of lines(listing)) await print(line);
}

const lines = ({ directories, modules, trials, history }: Listing): readonly string[] => [
  `handlers: ${directories.length === 0 ? 'only those that are built in' : directories.join(', ')}`,
  '',
  ...columns([
    ['module', 'version', 'hash', 'loaded', 'processes', 'crashes', 'from'],
    ...modules.flatMap(moduleLines),
  ]),
  ...trials.map(
    trial =>
      `\non trial until ${time(trial.endsAt)}: ${trial.modules.join(', ')}, ${
        trial.share === undefined ? 'for everybody' : `for ${percent(trial.share)} of the users`
      }, ${trial.crashes} crashes${
        trial.share === undefined ? '' : `, ${trial.othersCrashes} of the others`
      }`,
  ),
  ...(history.length === 0 ? [] : ['']),
  ...history.map(({ at, text }) => `${time(at)}  ${text}`),
];

const moduleLines = ({ name, current, old, canary }: ModuleRow): string[][] => [
  versionLine(name, 'current', current),
  ...(old === undefined ? [] : [versionLine(name, 'old', old)]),
  ...(canary === undefined ? [] : [versionLine(name, `canary ${percent(canary.share)}`, canary)]),
];

const versionLine = (
  name: string,
  version: string,
  { hash, loadedAt, processes, crashes, filename = '' }: VersionRow,
): string[] => [
  ...[name, version, hash, filename === '' ? '' : time(loadedAt)],
  ...[String(processes), String(crashes), filename],
];

const time = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
const percent = (share: number): string => `${Number((share * 100).toPrecision(6))} %`;

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map(row => row[column]?.length ?? 0)),
  );
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
