/** What a worker thread of the binary starts with; `program.ts` puts `start` before it. */
import { run, type WorkerStart } from './program.ts';

declare const start: WorkerStart;

run(start.entry, start.addons);
