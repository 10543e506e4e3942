/** The observer's page as it was built, beside this program; a binary has it inside (build/substitutions.ts). */
import { readFileSync } from 'node:fs';

const page = new URL('../../web/observer/', import.meta.url);

/** @param name relative to the page, such as `index.html` @returns undefined when there is no such file */
export function readWebFile(name: string): Uint8Array | undefined {
  try {
    return readFileSync(new URL(name, page));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR') return undefined;
    throw error;
  }
}
