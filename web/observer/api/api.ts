/** The server's observer API: questions with the admin token, and what their failures mean for the page. */
import { OBSERVER_API } from '../../../protocol/observer.ts';
import { Store } from '../../model/store.ts';
import type { Address } from './addresses.ts';

/**
 * How things stand with the server:
 * - `asking`: nothing is known yet.
 * - `here`: the last question was answered.
 * - `away`: it was not; the page keeps asking.
 * - `refused`: the token is not the server's.
 * - `off`: the server has no observer.
 */
export type Link = 'asking' | 'here' | 'away' | 'refused' | 'off';

/** A question that the server answered with an error, in the server's words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** An answer that takes longer is none: the server is stuck or the network is gone. */
const ANSWER_TIMEOUT_MS = 10_000;
const BASE = `${OBSERVER_API}/`;

export class Api {
  readonly link = new Store<Link>('asking');
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** @throws ApiError, or a TypeError when no server answers */
  async get<T = unknown>(address: string | Address<T>, signal: AbortSignal): Promise<T> {
    return (await this.#ask(address, { signal })) as T;
  }

  /** Asks for an action; the same errors as `get`. */
  async post<T>(address: Address<T>, body: unknown = {}): Promise<T> {
    return (await this.#ask(address, {
      method: 'POST',
      body: JSON.stringify(body),
    })) as T;
  }

  async #ask(address: string, request: RequestInit): Promise<unknown> {
    const given = request.signal ?? undefined;
    const late = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    try {
      const response = await fetch(BASE + address, {
        ...request,
        signal: given === undefined ? late : AbortSignal.any([given, late]),
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        cache: 'no-store',
      });
      const body: unknown = await response.json();
      this.link.set(linkAfter(response.status, address));
      if (response.ok) return body;
      throw problem(response.status, body);
    } catch (thrown) {
      // What the page itself took back says nothing of the server.
      if (!(thrown instanceof ApiError) && given?.aborted !== true) this.link.set('away');
      throw thrown;
    }
  }
}

/** Of the API that every server with an observer has, a part that is not found says that there is none. */
function linkAfter(status: number, address: string): Link {
  if (status === 401) return 'refused';
  return status === 404 && address.startsWith('system') ? 'off' : 'here';
}

const codeOf = (body: unknown): string =>
  (body as { readonly error?: string } | null)?.error ?? 'unknown';

const problem = (status: number, body: unknown): ApiError =>
  new ApiError(
    status,
    codeOf(body),
    (body as { readonly message?: string } | null)?.message ?? `The server answered ${status}.`,
  );
