/** What every view has of the server, from the token on: the API and what is asked again and again. */
import { PAGE_LIMIT, type EventsAnswer, type SystemAnswer } from '../../../protocol/observer.ts';
import { addEvents, addSystem, newestSample } from '../../model/growing.ts';
import { Poller } from '../../model/poller.ts';
import { eventsAt, systemAt, timelineAt, overviewAt } from './addresses.ts';
import { Api } from './api.ts';

export interface Session {
  readonly api: Api;
  readonly poller: Poller;
}

const POLL_EVERY_MS = 1_000;

export function openSession(token: string): Session {
  const api = new Api(token);
  const poller = new Poller({
    load: (address, last, signal) => {
      if (address === overviewAt) return loadSystem(api, last as SystemAnswer | undefined, signal);
      if (address === timelineAt) return loadEvents(api, last as EventsAnswer | undefined, signal);
      return api.get(address, signal);
    },
    everyMs: POLL_EVERY_MS,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
  return { api, poller };
}

/** Asks nothing while nobody can see the page; the result ends it. */
export function pauseWhileHidden(poller: Poller): () => void {
  const look = (): void => poller.setSeen(!document.hidden);
  look();
  document.addEventListener('visibilitychange', look);
  return () => document.removeEventListener('visibilitychange', look);
}

async function loadSystem(
  api: Api,
  last: SystemAnswer | undefined,
  signal: AbortSignal,
): Promise<SystemAnswer> {
  const answer = await api.get(systemAt(newestSample(last)), signal);
  return addSystem(last, answer);
}

async function loadEvents(
  api: Api,
  last: EventsAnswer | undefined,
  signal: AbortSignal,
): Promise<EventsAnswer> {
  const query = { after: last?.last, limit: PAGE_LIMIT };
  return addEvents(last, await api.get(eventsAt(query), signal));
}
