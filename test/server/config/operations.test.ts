import { readFileSync } from 'node:fs';
import t from 'tap';
import { environmentName, flagName } from '../../../server/config/naming.ts';
import type { Option } from '../../../server/config/option.ts';
import { options, optionNames } from '../../../server/config/options.ts';

const page = readFileSync('docs/operations.md', 'utf8');

const defaultOf = ({ default: value, defaultText, unit }: Option<unknown>): string =>
  defaultText ?? `\`${String(value)}\`${unit === undefined ? '' : ` ${unit}`}`;

void t.test('the table of options in docs/operations.md is what the server takes', async t => {
  const rows = optionNames.map(name => {
    const option = options[name] as Option<unknown>;
    return `| \`${name}\` | ${option.allowed} | ${defaultOf(option)} | ${option.doc} |`;
  });
  const table = page
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .filter(line => line.split('|').length === 6)
    .filter(line => optionNames.some(name => line.startsWith(`| \`${name}\` `)));
  t.same(table, rows, `the table should be:\n${rows.join('\n')}`);
});

void t.test('the page’s rule for names is the code’s', async t => {
  t.match(page, `\`${environmentName('limits.mailbox_messages')}\``);
  t.match(page, `\`${flagName('limits.mailbox_messages')}\``);
});
