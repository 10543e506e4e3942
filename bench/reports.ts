/** Reports as files, one for each subject. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RecordedReport } from './report.ts';

const named = {
  name: z.string(),
  value: z
    .number()
    .nullable()
    .transform(value => value ?? NaN),
};
const chart = z.string().optional();

/** JSON has no NaN: it writes null. */
const recorded = z.object({
  subject: z.string(),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memoryGiB: z.number(),
    platform: z.string(),
    node: z.string(),
  }),
  results: z.array(z.object({ ...named, unit: z.string(), chart })),
  ratios: z.array(z.object({ ...named, baseline: z.string() })),
  targets: z
    .array(
      z.object({
        ...named,
        unit: z.string(),
        atLeast: z.number().optional(),
        atMost: z.number().optional(),
      }),
    )
    .optional(),
  notes: z.array(z.string()).optional(),
  costs: z.record(z.string(), z.number()).optional(),
  at: z.string(),
  command: z.string(),
  commit: z.string().nullable(),
  quick: z.boolean(),
});

/**
 * All reports of a folder, by the names of their files.
 * @throws (rejects) Error that names the file, when one is no report
 */
export async function readReports(directory: string): Promise<RecordedReport[]> {
  const names = (await readdir(directory)).filter(name => name.endsWith('.json')).sort();
  return Promise.all(names.map(name => readReport(join(directory, name))));
}

export async function readReport(file: string): Promise<RecordedReport> {
  const parsed = recorded.safeParse(parse(await readFile(file, 'utf8')));
  if (!parsed.success)
    throw new Error(`${file} is no report of a bench: ${z.prettifyError(parsed.error)}`);
  // What is not there stays away: zod's types say undefined.
  return parsed.data as RecordedReport;
}

/** Undefined for what is no JSON, which is no report either. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
