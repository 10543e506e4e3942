/** What a worker thread of the binary starts with; `program.ts` puts `start` before it. */
import { isSea } from 'node:sea';
import { ownProgram, run, type WorkerStart } from './program.ts';

declare const start: WorkerStart;

const { entry, program } = start;
if (!isSea())
  throw new Error(
    'this program is for a server that runs from the binary: upgrade from the sources',
  );
run(
  entry,
  program === undefined
    ? ownProgram()
    : { text: program.text, readMap: () => program.map, addons: program.addons },
);
