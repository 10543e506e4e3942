/** A server in a process of its own, looked at as a page does. */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import type { ObservedPid, ProcessAction, ProcessesAnswer } from '../../../protocol/observer.ts';
import { Workplace, type Running } from '../../cli/strowger.ts';

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export class ObservedServer {
  readonly place: Workplace;
  readonly running: Running;
  readonly url: string;
  readonly token: string;

  constructor(place: Workplace, running: Running, url: string) {
    this.place = place;
    this.running = running;
    this.url = url;
    this.token = readFileSync(place.path('data/admin-token'), 'utf8').trim();
  }

  static async start(t: Test, ...flags: readonly string[]): Promise<ObservedServer> {
    const place = new Workplace();
    t.teardown(() => place.end());
    const running = place.start(['serve', '--data', 'data', '--port', '0', ...flags]);
    const [line = ''] = await running.hasPrinted(1);
    return new ObservedServer(place, running, line.slice('ready '.length));
  }

  async ask(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    authorization = `Bearer ${this.token}`,
  ): Promise<Answered> {
    const response = await fetch(`${this.url}/observer/api/${path}`, {
      method,
      headers: { authorization },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  /** @throws (rejects) when the answer is none of the 200s */
  async look<Answer>(path: string): Promise<Answer> {
    const { status, body } = await this.ask('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body as Answer;
  }

  async act(pid: ObservedPid, action: ProcessAction, body: unknown = {}): Promise<Answered> {
    return this.ask('POST', `process/${pid}/${action}`, body);
  }

  /** The process with this registered name; undefined while there is none. */
  async pidOf(name: string): Promise<ObservedPid | undefined> {
    const query = new URLSearchParams({ q: name, sort: 'name', limit: '200' });
    const { rows } = await this.look<ProcessesAnswer>(`processes?${query.toString()}`);
    return rows.find(row => row.name === name)?.pid;
  }

  /** Looks until what is seen is what is waited for. */
  async until<Answer>(path: string, isThere: (answer: Answer) => boolean): Promise<Answer> {
    const deadline = Date.now() + WITHIN_MS;
    for (;;) {
      const answer = await this.look<Answer>(path);
      if (isThere(answer)) return answer;
      if (Date.now() > deadline) {
        throw new Error(`${path} did not become so: ${JSON.stringify(answer).slice(0, 2_000)}`);
      }
    }
  }

  /** Its new pid, once it is another one. */
  async successorOf(name: string, pid: ObservedPid): Promise<ObservedPid> {
    const deadline = Date.now() + WITHIN_MS;
    for (;;) {
      const found = await this.pidOf(name);
      if (found !== undefined && found !== pid) return found;
      if (Date.now() > deadline) throw new Error(`${name} did not come back`);
    }
  }
}

const WITHIN_MS = 20_000;
