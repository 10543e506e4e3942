/** What a server's host finds in the data directory. */
import { join, resolve } from 'node:path';

/** Where the server runs, while it runs. */
export const urlFile = (dataDirectory: string): string => join(dataDirectory, 'url');

/** Who knows it may administer the server. */
export const tokenFile = (dataDirectory: string): string => join(dataDirectory, 'admin-token');

/** Programs that a binary has upgraded the running server to. */
export const programDirectory = (dataDirectory: string): string =>
  resolve(dataDirectory, 'programs');
