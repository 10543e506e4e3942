/**
 * The file that is kept of a crash: JSON, for `strowger replay` and for people. It holds what users wrote; only its
 * owner may read it.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Picture } from './picture.ts';

export const CRASH_VERSION = 1;

const picture = z.json() as z.ZodType<Picture>;
const handlers = z.object({
  name: z.string(),
  path: z.string(),
  files: z.array(z.object({ path: z.string(), filename: z.string(), code: z.string() })),
});

const crashFile = z.object({
  strowger: z.literal('crash'),
  version: z.literal(CRASH_VERSION),
  /** The version of the program that crashed. */
  program: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  isolate: z.int(),
  pid: z.int(),
  name: z.string().nullable(),
  label: z.string(),
  /** The swappable module that the process ran; null for one of the others, whose steps cannot be run again. */
  module: z.string().nullable(),
  callback: z.string(),
  /** The exit reason in one line, and whole. */
  summary: z.string(),
  reason: picture,
  args: z.array(picture),
  state: picture,
  /** What its calls were answered. */
  answers: z.array(picture),
  /** Accounts and groups that were in memory and that the step may have looked at. */
  accounts: z.array(picture),
  groups: z.array(picture),
  shards: z.object({ count: z.int(), placement: z.array(z.int().nullable()).nullable() }),
  /** Registered names that it may have sent to. */
  names: z.array(z.tuple([z.string(), z.int()])),
  /** The loaded modules in force for this process, with what they were made of. */
  handlers: z.array(handlers),
});

export type CrashFile = z.infer<typeof crashFile>;

export class CrashFileError extends Error {
  override readonly name = 'CrashFileError';
  readonly code = 'bad_crash_file';
}

/** @throws CrashFileError with a sentence for a file that cannot be read or is none of ours */
export function readCrashFile(file: string): CrashFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a directory, name a file in it'
          : (code ?? String(cause));
    throw new CrashFileError(`The crash file ${file} cannot be read: ${why}.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CrashFileError(`${file} is no crash file: it is no JSON, or cut off.`, { cause });
  }
  const { strowger, version } = (value ?? {}) as { strowger?: unknown; version?: unknown };
  if (strowger !== 'crash')
    throw new CrashFileError(`${file} is no crash file: \`serve --crashes DIR\` makes them.`);
  if (version !== CRASH_VERSION)
    throw new CrashFileError(
      `${file} has version ${String(version)}, this program reads ${CRASH_VERSION}: use the program that wrote it.`,
    );
  const parsed = crashFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CrashFileError(
    `${file} is damaged: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`,
  );
}
