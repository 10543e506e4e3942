/** One look at a server: what the terminal shows of it, from the observer's API. */
import { askHttp } from '../../client/http.ts';
import { ClientError } from '../../client/errors.ts';
import {
  OBSERVER_API,
  type EventsAnswer,
  type ObservedEvent,
  type ProcessesAnswer,
  type ProcessRow,
  type SystemAnswer,
} from '../../protocol/observer.ts';
import { CommandError } from '../failure.ts';

/** Where to look, and what gives the right. */
export interface Observed {
  /** `http(s)://host:port` */
  readonly server: string;
  readonly token: string;
}

export interface Glance {
  readonly system: Omit<SystemAnswer, 'history'>;
  readonly processes: number;
  /** Those with the longest queues, and those that used most time. */
  readonly byQueue: readonly ProcessRow[];
  readonly byTime: readonly ProcessRow[];
  /** What went wrong last, oldest first. */
  readonly events: readonly ObservedEvent[];
  /** Isolates that did not answer. */
  readonly unanswered: readonly number[];
}

const ROWS = 8;
const EVENTS = 8;
const WITHIN_MS = 5_000;

/** @throws (rejects) ClientError `unreachable`, `not_authorised` …, CommandError `no_observer` */
export async function look(observed: Observed): Promise<Glance> {
  const now = Date.now();
  const [system, queue, time, events] = await Promise.all([
    // Of the past nothing is shown: nothing is newer than this.
    ask<SystemAnswer>(observed, `system?after=${now + 60_000}`),
    ask<ProcessesAnswer>(observed, `processes?sort=queue&limit=${ROWS}`),
    ask<ProcessesAnswer>(observed, `processes?sort=time&limit=${ROWS}`),
    ask<EventsAnswer>(observed, `events?limit=${EVENTS}`),
  ]);
  const { history: _history, ...rest } = system;
  return {
    system: rest,
    processes: queue.total,
    // Whoever looks is asked twice at the same time.
    byQueue: queue.rows.filter(row => row.queue > 0 && row.label !== 'observer'),
    byTime: time.rows,
    events: events.events,
    unanswered: queue.unanswered,
  };
}

async function ask<Answer>({ server, token }: Observed, path: string): Promise<Answer> {
  try {
    return (await askHttp({
      ...{ server, method: 'GET', path: `${OBSERVER_API}/${path}`, timeoutMs: WITHIN_MS },
      headers: { authorization: `Bearer ${token}` },
    })) as Answer;
  } catch (cause) {
    // The path is not there: there is a server, and nobody may look.
    if (cause instanceof ClientError && cause.code === 'not_done') {
      throw new CommandError('no_observer', undefined, { cause });
    }
    throw cause;
  }
}
