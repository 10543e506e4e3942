/** Checks what came in against a schema, at the edge, once. */
import type * as z from 'zod';
import { httpError, HttpProblem } from './http-error.ts';

/**
 * The value as the schema types it. Throws HttpProblem (400 `bad_field`) that names the field and what is expected,
 * for the router to answer with.
 */
export function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  const what = issue?.message ?? 'wrong';
  throw new HttpProblem(
    httpError(400, 'bad_field', {
      message: field === '' ? `The body is wrong: ${what}.` : `${field}: ${what}.`,
      ...(field === '' ? {} : { field }),
    }),
  );
}
