/** `npm run bench -- SUBJECT`: measures one subject next to its baseline, prints the figures and may write them as JSON. */
import { Command } from 'commander';
import { defineBench } from './command.ts';

const bench = new Command('bench').description(
  'Measures a subject next to its baseline, on this machine, in one run.',
);
defineBench(bench);
await bench.parseAsync();
