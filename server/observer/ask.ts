/** Asks the observers of the isolates, from the main thread. */
import {
  at,
  call,
  connectedIsolates,
  Exit,
  isolateOf,
  thisIsolate,
  type AnyRequest,
  type Pid,
  type ReplyOf,
  type RequestOfKind,
} from '../../actors/index.ts';
import { httpError, HttpProblem } from '../http/http-error.ts';
import { observerName, type NotDone, type ObserverCall } from './protocol.ts';

/** An isolate has so long to answer what it knows. */
const WITHIN_MS = 1_000;

type Kind = ObserverCall['kind'];
type Ask<K extends Kind> = RequestOfKind<ObserverCall, K> & AnyRequest & { readonly kind: K };
type Answer<K extends Kind> = ReplyOf<RequestOfKind<ObserverCall, K>>;

export interface Answers<A> {
  readonly answers: readonly (readonly [isolate: number, answer: A])[];
  /** Isolates that did not answer in time. */
  readonly unanswered: readonly number[];
}

/** All isolates that there are, or only the one. */
export const isolates = (only?: number): readonly number[] => {
  const all = [thisIsolate(), ...connectedIsolates()].sort((one, other) => one - other);
  return only === undefined ? all : all.filter(isolate => isolate === only);
};

/** Asks several at the same time. @param ask what each one is asked; undefined: nothing */
export async function askAll<K extends Kind>(
  whom: readonly number[],
  ask: (isolate: number) => Ask<K>,
): Promise<Answers<Answer<K>>> {
  const answers: [number, Answer<K>][] = [];
  const unanswered: number[] = [];
  await Promise.all(
    whom.map(async isolate => {
      try {
        answers.push([isolate, await askIsolate(isolate, ask(isolate))]);
      } catch (thrown) {
        if (!(thrown instanceof Exit)) throw thrown;
        unanswered.push(isolate);
      }
    }),
  );
  answers.sort(([one], [other]) => one - other);
  return { answers, unanswered: unanswered.sort((one, other) => one - other) };
}

function askIsolate<K extends Kind>(
  isolate: number,
  request: Ask<K>,
  withinMs = WITHIN_MS,
): Promise<Answer<K>> {
  return call(at(observerName, isolate), request as never, withinMs) as Promise<Answer<K>>;
}

/**
 * Asks the one that knows this process.
 * @throws (rejects) HttpProblem `no_process`, `no_answer` and whatever else it says that it has not done
 */
export async function askAt<K extends Kind>(
  pid: Pid,
  request: Ask<K>,
  withinMs?: number,
): Promise<Exclude<Answer<K>, NotDone>> {
  return askOne(isolateOf(pid), request, withinMs);
}

/** The same of an isolate. */
export async function askOne<K extends Kind>(
  isolate: number,
  request: Ask<K>,
  withinMs?: number,
): Promise<Exclude<Answer<K>, NotDone>> {
  if (!isolates().includes(isolate)) {
    throw problem({ error: 'no_process', message: `There is no isolate ${isolate} (any more).` });
  }
  let answer: Answer<K>;
  try {
    answer = await askIsolate(isolate, request, withinMs);
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    throw problem({
      error: 'no_answer',
      message: `Isolate ${isolate} did not answer in time: it is busy, or being started anew.`,
    });
  }
  if (isNotDone(answer)) throw problem(answer);
  return answer as Exclude<Answer<K>, NotDone>;
}

const isNotDone = (answer: unknown): answer is NotDone =>
  typeof answer === 'object' && answer !== null && 'error' in answer && 'message' in answer;

const statuses = { no_process: 404, no_answer: 504, refused: 409, bad_field: 400 } as const;

const problem = ({ error, message }: NotDone): HttpProblem =>
  new HttpProblem(httpError(statuses[error], error, { message }));
