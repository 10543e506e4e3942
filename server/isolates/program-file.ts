import { fileURLToPath } from 'node:url';

/**
 * The isolates' program as a file that a running server can start, for an upgrade.
 * @param _directory where it is put when it is in no file, as in the single executable
 */
export const programFile = (_directory: string): string =>
  fileURLToPath(new URL('./worker.js', import.meta.url));
