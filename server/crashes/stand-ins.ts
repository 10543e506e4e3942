/**
 * Processes that stand where others stood: what a step says to them is noted, and what it asks is answered as it was
 * answered then. Those of other isolates are one end of a channel that nobody is behind.
 */
import {
  connectIsolate,
  describeReason,
  Exit,
  setIsolateCodec,
  start,
  type AnyRequest,
  type GenServer,
  type IsolatePort,
  type KeptAnswer,
  type Name,
  type Pid,
  type StartOptions,
} from '../../actors/index.ts';
import { ops } from '../../actors/isolates/signal.ts';
import type { Signal } from '../../actors/isolates/signal.ts';

/** Something that the step did to others. */
export interface Deed {
  readonly what: 'send' | 'cast' | 'call' | 'exit';
  readonly to: string;
  readonly message: unknown;
  /** Of a call: whether it was answered then. */
  readonly answered?: boolean;
}

/** Notes what is done, and has the answers of then, to be given once each, in order, by what was asked. */
export class Stage {
  readonly deeds: Deed[] = [];
  readonly #answers: KeptAnswer[];

  constructor(answers: readonly KeptAnswer[]) {
    this.#answers = [...answers];
  }

  note(deed: Deed): void {
    this.deeds.push(deed);
  }

  /** What this kind of request was answered next. */
  answer(kind: string): KeptAnswer['answer'] | undefined {
    const index = this.#answers.findIndex(({ call }) => call[2] === kind);
    return index === -1 ? undefined : this.#answers.splice(index, 1)[0]?.answer;
  }
}

/** A process of this isolate, under its pid, and its name where it had one. */
export async function standIn(stage: Stage, pid: Pid, name: Name | undefined): Promise<void> {
  const to = name ?? `process ${pid}`;
  const module: GenServer<undefined, undefined, AnyRequest, unknown, unknown> = {
    init: () => ['ok', undefined],
    handleCall(request) {
      const answer = stage.answer(request.kind);
      stage.note({ what: 'call', to, message: request, answered: answer !== undefined });
      if (answer === undefined) return ['noreply', undefined];
      if ('exit' in answer) return ['stop', answer.exit, undefined];
      return ['reply', answer.value, undefined];
    },
    handleCast(message) {
      stage.note({ what: 'cast', to, message });
      return ['noreply', undefined];
    },
    handleInfo(message) {
      stage.note({ what: 'send', to, message });
      return ['noreply', undefined];
    },
  };
  const options = { label: 'stand-in', pid, ...(name === undefined ? {} : { name }) };
  const [result, why] = await start(module, undefined, options as StartOptions);
  if (result !== 'ok') throw new Exit(why);
}

/** The isolates with these numbers, as far as a step can tell. */
export function standInForIsolates(stage: Stage, isolates: readonly number[]): void {
  const batches = new Map<number, unknown>();
  setIsolateCodec({
    encode(batch) {
      batches.set(batches.size, batch);
      return Uint8Array.of(...new Uint8Array(new Uint32Array([batches.size - 1]).buffer));
    },
    decode(bytes) {
      return batches.get(new Uint32Array(bytes.slice().buffer)[0] ?? -1);
    },
  });
  for (const isolate of isolates) connectIsolate(isolate, new Channel(stage, isolate, batches));
}

class Channel implements IsolatePort {
  readonly #stage: Stage;
  readonly #isolate: number;
  readonly #batches: Map<number, unknown>;
  #listener: (value: unknown) => void = () => undefined;

  constructor(stage: Stage, isolate: number, batches: Map<number, unknown>) {
    this.#stage = stage;
    this.#isolate = isolate;
    this.#batches = batches;
  }

  on(_event: 'message', listener: (value: unknown) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#listener = () => undefined;
  }

  postMessage(value: unknown): void {
    const number = new Uint32Array((value as Uint8Array).slice().buffer)[0] ?? -1;
    const signals = this.#batches.get(number) as readonly Signal[];
    const answers = signals.flatMap(signal => this.#obey(signal) ?? []);
    if (answers.length === 0) return;
    const batch = this.#batches.size;
    this.#batches.set(batch, answers);
    setImmediate(() => this.#listener(new Uint8Array(new Uint32Array([batch]).buffer)));
  }

  /** @returns what comes back */
  #obey(signal: Signal): Signal[] | undefined {
    const name = (to: unknown): string =>
      typeof to === 'string' ? `${to} in isolate ${this.#isolate}` : `process ${String(to)}`;
    switch (signal[0]) {
      case ops.send:
      case ops.offer:
        this.#stage.note({ what: 'send', to: name(signal[1]), message: signal[2] });
        return undefined;
      case ops.cast:
        this.#stage.note({ what: 'cast', to: name(signal[1]), message: signal[2] });
        return undefined;
      case ops.exit:
        this.#stage.note({ what: 'exit', to: name(signal[2]), message: describeReason(signal[3]) });
        return undefined;
      case ops.call: {
        const [, to, , ref, request] = signal;
        const answer = this.#stage.answer((request as AnyRequest).kind);
        this.#stage.note({
          what: 'call',
          to: name(to),
          message: request,
          answered: answer !== undefined,
        });
        if (answer === undefined) return undefined;
        if ('exit' in answer) return [[ops.down, ref, undefined, firstOf(answer.exit)]];
        return [[ops.reply, ref, answer.value]];
      }
      default:
        // Monitors and links: nobody dies here.
        return undefined;
    }
  }
}

/** A call that fails says `[why, ['call', …]]`. */
const firstOf = (reason: unknown): unknown =>
  Array.isArray(reason) ? (reason as unknown[])[0] : reason;
