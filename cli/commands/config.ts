/** `strowger config`: what `strowger serve` would run with, and where each value came from. */
import type { Command } from 'commander';
import { stringify } from 'smol-toml';
import { loadSettings, type Setting } from '../../server/config/load.ts';
import { print, printJson } from '../output.ts';
import { addServerFlags } from '../server-flags.ts';

export function defineConfig(command: Command): void {
  command.option('--json', 'as one JSON object: {"port":{"value":8080,"from":"default"},…}');
  addServerFlags(command);
  command.action(showConfig);
}

async function showConfig({ json, ...flags }: Record<string, unknown>): Promise<void> {
  const { settings } = loadSettings({ flags, environment: process.env });
  if (json === true) {
    await printJson(
      Object.fromEntries(
        settings.map(({ name, value = null, origin = 'default' }) => [
          name,
          { value, from: origin },
        ]),
      ),
    );
    return;
  }
  for (const line of tomlLines(settings)) await print(line);
}

/** A file that `--config` takes, with a comment on each value. */
function tomlLines(settings: readonly Setting[]): string[] {
  const top = settings.filter(({ name }) => !name.includes('.'));
  const tables = new Map<string, Setting[]>();
  for (const setting of settings) {
    const [table, key] = setting.name.split('.');
    if (table === undefined || key === undefined) continue;
    tables.set(table, [...(tables.get(table) ?? []), setting]);
  }
  return [
    ...top.map(setting => tomlLine(setting.name, setting)),
    ...[...tables].flatMap(([table, inside]) => [
      '',
      `[${table}]`,
      ...inside.map(setting => tomlLine(setting.name.slice(table.length + 1), setting)),
    ]),
  ];
}

function tomlLine(key: string, { value, origin = 'default' }: Setting): string {
  if (value === undefined) return `# ${key} is not set`;
  return `${stringify({ [key]: value }).trimEnd()} # ${origin}`;
}
