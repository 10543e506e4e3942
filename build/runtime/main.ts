/** What the binary starts with: the main script of Node's single executable application. */
import { setFlagsFromString } from 'node:v8';
import { ENTRY_ARGUMENT, ownProgram, run } from './program.ts';

// As bin/strowger.js is started. Of this thread the heap stands already; each worker's is made with the flag; see docs/operations.md for this one.
setFlagsFromString('--max-semi-space-size=64');

const [, , first = ''] = process.argv;
if (first.startsWith(ENTRY_ARGUMENT)) {
  process.argv.splice(2, 1);
  run(first.slice(ENTRY_ARGUMENT.length), ownProgram());
} else run('bin/strowger.js', ownProgram());
