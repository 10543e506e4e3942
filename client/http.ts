import { isErrorCode } from '../protocol/errors.ts';
import { ClientError } from './errors.ts';

/** `fetch` as far as it is used; injected in tests. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal },
) => Promise<{ readonly status: number; text(): Promise<string> }>;

export interface HttpRequest {
  readonly server: string;
  readonly method: 'GET' | 'POST';
  /** From `/v1/` on. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Further ones, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: Fetch;
  readonly timeoutMs?: number;
}

/**
 * Asks the server's HTTP side.
 * @returns the JSON of an answer in the 200s
 * @throws ClientError with the server's code, `not_done` with its sentence, `unreachable`, or `bad_answer`
 */
export async function askHttp(request: HttpRequest): Promise<unknown> {
  const { server, method, path, body, headers, timeoutMs = 10_000 } = request;
  const { fetch = globalThis.fetch } = request;
  const base = server.replace(/^ws/, 'http').replace(/\/+$/, '');
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    throw new ClientError('unreachable', undefined, { cause });
  }
  const answer = parse(text);
  if (status >= 200 && status < 300 && answer !== null) return answer;
  if (isErrorCode(answer?.['error'])) {
    const { error, message, field } = answer;
    throw new ClientError(error, typeof message === 'string' ? message : undefined, {
      ...(typeof field === 'string' ? { field } : {}),
    });
  }
  // A code that only HTTP has, or that is newer than this client: its sentence says it all.
  const sentence = answer?.['message'];
  if (typeof sentence === 'string') throw new ClientError('not_done', sentence);
  throw new ClientError(
    'bad_answer',
    `The server answered HTTP ${status} without a known reason: is this a Strowger server?`,
  );
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // not JSON: the caller says so
  }
}
