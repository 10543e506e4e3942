/** Where the program of the isolates is: beside this file, and in the single executable within that. */
let entry: string | URL = new URL('./worker.js', import.meta.url);

export const workerEntry = (): string | URL => entry;

/** Isolates that are started from now on run this program: an upgrade's. */
export function setWorkerEntry(next: string | URL): void {
  entry = next;
}
