/** What the observers of the main thread and of the isolates are started with, and what they hear of the log. */
import { at, cast, type LogSink } from '../../actors/index.ts';
import { watchDynamicRestarts } from '../../supervisors/index.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { History } from './history.ts';
import type { ObserverArgument } from './observer.ts';
import { observerName, type NewEvent } from './protocol.ts';
import { ReportWatch } from './report-watch.ts';
import { Sampler } from './sampler.ts';
import { Timeline } from './timeline.ts';

export interface Observing {
  readonly argument: ObserverArgument;
  /** Stands before the log. */
  readonly sink: (next: LogSink) => LogSink;
}

export interface MainObserving extends Observing {
  readonly history: History;
  readonly timeline: Timeline;
}

const MAIN = 0;

/** In the thread with the sockets. */
export function observeMain(metrics: Metrics): MainObserving {
  const history = new History();
  const timeline = new Timeline();
  const tell = (event: NewEvent): void => timeline.add(event);
  return { ...observe(metrics, true, tell, { history, timeline }), history, timeline };
}

/** In an isolate: what happens here is told to the main thread at once, for this one may be gone soon. */
export function observeIsolate(metrics: Metrics): Observing {
  const tell = (event: NewEvent): void => cast(at(observerName, MAIN), { kind: 'event', event });
  return observe(metrics, false, tell, undefined);
}

function observe(
  metrics: Metrics,
  hasGateway: boolean,
  tell: (event: NewEvent) => void,
  kept: ObserverArgument['kept'],
): Observing {
  const reports = new ReportWatch(tell);
  watchDynamicRestarts(restart => reports.restartedDynamically(restart));
  const sampler = (): Sampler =>
    new Sampler({ metrics, hasGateway, restarts: () => reports.restarts });
  return { argument: { sampler, reports, kept }, sink: next => reports.sink(next) };
}
