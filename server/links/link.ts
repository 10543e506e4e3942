/**
 * Carries the rows that one shard has for another: reads a batch from the source, applies it at the target, trims the
 * source. Everything it needs is in the two stores, so it may die at any time.
 */
import {
  type CastResult,
  type DownMessage,
  type GenServer,
  type InitResult,
  sendAfter,
  self,
} from '../../actors/index.ts';
import type { OutcomeOf } from '../../storage/shard/contract.ts';
import { StorePort, type PortMessage } from '../stores/port.ts';

export interface LinkArgument {
  readonly source: number;
  readonly target: number;
}

interface State {
  readonly source: StorePort;
  readonly target: StorePort;
  busy: boolean;
  /** Woken while busy: look again afterwards. */
  again: boolean;
}

/** New rows are waiting. */
interface Wake {
  readonly kind: 'wake';
}

const ROWS_AT_ONCE = 256;
/** When there is no room, or rows are missing. */
const RETRY_MS = 500;

export const link: GenServer<LinkArgument, State, never, never, Wake | PortMessage | DownMessage> =
  {
    init({ source, target }): InitResult<State> {
      const state: State = {
        // Rows may have been committed without a word.
        source: new StorePort(source, () => {
          wake(state);
        }),
        target: new StorePort(target),
        busy: false,
        again: false,
      };
      carry(state, null);
      return ['ok', state];
    },

    handleInfo(message, state): CastResult<State> {
      if (message.kind === 'wake') wake(state);
      else if (message.kind !== 'EXIT' && message.kind !== 'timeout') {
        if (!state.source.handle(message)) state.target.handle(message);
      }
      return ['noreply', state];
    },
  };

function wake(state: State): void {
  if (state.busy) state.again = true;
  else carry(state, null);
}

function carry(state: State, after: number | null): void {
  state.busy = true;
  state.again = false;
  state.source.submit(
    { kind: 'read_link', target: state.target.shard, after, rows: ROWS_AT_ONCE },
    batch => {
      if (batch.rows.length > 0) apply(state, batch);
      else if (state.again) carry(state, after);
      else state.busy = false;
    },
    () => {
      retry(state);
    },
  );
}

function apply(state: State, batch: OutcomeOf<'read_link'>): void {
  state.target.submit(
    { kind: 'apply_link', source: state.source.shard, ...batch },
    ({ gap, upTo }) => {
      // Only a shard restored without the others can miss rows: no reason to try as fast as one can.
      if (gap) {
        retry(state);
        return;
      }
      state.source.submit(
        { kind: 'trim_link', target: state.target.shard, upTo },
        () => {
          carry(state, upTo);
        },
        () => {
          retry(state);
        },
      );
    },
    () => {
      retry(state);
    },
  );
}

function retry(state: State): void {
  state.busy = false;
  sendAfter(RETRY_MS, self(), { kind: 'wake' } satisfies Wake);
}
