/** Finds and ends processes of a running server by the observer's API. */
import { ClientError } from '../../client/errors.ts';
import { askHttp } from '../../client/http.ts';
import {
  OBSERVER_API,
  PAGE_LIMIT,
  WINDOW_LIMIT,
  type EventsAnswer,
  type ProcessesAnswer,
  type ProcessRow,
} from '../../protocol/observer.ts';
import { isOfKind, type ProcessKind } from '../process-faults.ts';

const TIMEOUT_MS = 5_000;

export class ObservedServer {
  readonly #url: () => string;
  readonly #token: string;

  /** @param url may change with a restart */
  constructor(url: () => string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** One of the kind, chosen by the number from 0 to below 1; undefined when there is none. */
  async find(kind: ProcessKind, search: string, pick: number): Promise<ProcessRow | undefined> {
    const first = await this.#processes(search, 0);
    const further = Math.min(first.matched, WINDOW_LIMIT) - PAGE_LIMIT;
    const offset = further > 0 ? Math.floor(pick * further) : 0;
    const { rows } = offset === 0 ? first : await this.#processes(search, offset);
    const found = rows.filter(
      ({ name, label }) => label !== null && isOfKind(kind, { name: name ?? undefined, label }),
    );
    return found[Math.floor(pick * found.length)];
  }

  /** The one with this registered name. */
  async named(name: string, search: string): Promise<ProcessRow | undefined> {
    return (await this.#processes(search, 0)).rows.find(row => row.name === name);
  }

  /** What happened after the event of this number, oldest first, so many at once as the server gives. */
  async events(after: number): Promise<EventsAnswer> {
    return (await this.#ask('GET', `events?after=${after}`)) as EventsAnswer;
  }

  /** The number of the newest event. */
  async lastEvent(): Promise<number> {
    return (await this.events(Number.MAX_SAFE_INTEGER)).last;
  }

  /** Whether it was told after this event that the process of this name is up again. */
  async hasRestarted(name: string, after: number): Promise<boolean> {
    const { events } = await this.events(after);
    return events.some(({ kind, process }) => kind === 'restarted' && process?.name === name);
  }

  /** Ends a process as `exit(pid, 'kill')`. @returns false when it had died before */
  async kill(pid: number): Promise<boolean> {
    try {
      await this.#ask('POST', `process/${pid}/exit`, { reason: 'kill' });
      return true;
    } catch (error) {
      if (error instanceof ClientError && error.code === 'not_done') return false;
      // The gateway cannot answer for its own end, and its next incarnation is asked by nobody.
      if (error instanceof ClientError && error.code === 'unreachable') return true;
      throw error;
    }
  }

  /** The newest first: supervisors, which may have the name in theirs, are the oldest. */
  async #processes(search: string, offset: number): Promise<ProcessesAnswer> {
    const query = `sort=newest&q=${encodeURIComponent(search)}&offset=${offset}&limit=${PAGE_LIMIT}`;
    return (await this.#ask('GET', `processes?${query}`)) as ProcessesAnswer;
  }

  #ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    return askHttp({
      ...{ server: this.#url(), method, path: `${OBSERVER_API}/${path}`, timeoutMs: TIMEOUT_MS },
      headers: { authorization: `Bearer ${this.#token}` },
      ...(body === undefined ? {} : { body }),
    });
  }
}
