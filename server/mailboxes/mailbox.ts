/**
 * The mailbox of an active user: for each of its devices that is connected a window of pushed rows, fed by what the
 * store has just committed or by reading it. It keeps nothing that the store does not have, and stops when it has had
 * nothing to do for a while: sessions then rest without one, see `sessions/receiving.ts`.
 */
import {
  demonitor,
  monitor,
  self,
  send,
  sendAfter,
  type CastResult,
  type DownMessage,
  type GenServer,
  type InitResult,
} from '../../actors/index.ts';
import type { DeviceId, UserId } from '../../protocol/ids.ts';
import type { ShardReleased } from '../isolates/protocol.ts';
import { isReceiver, speakersOf } from '../directory/speakers.ts';
import { StorePort, type PortMessage } from '../stores/port.ts';
import { Box, type Window } from './box.ts';
import { ROWS_WAIT, type Attach, type Push, type ToMailbox } from './protocol.ts';

export interface MailboxArgument {
  readonly user: UserId;
  readonly shard: number;
  /** How long it stays with nothing to do; it looks so often, so that it may be twice that. */
  readonly passivateMs: number;
  readonly window: Window;
}

interface State {
  readonly port: StorePort<State>;
  readonly boxes: Map<DeviceId, Box>;
  readonly passivateMs: number;
  readonly window: Window;
  /** Something has come since it was last looked whether there is anything to do. */
  active: boolean;
}

const PASSIVATE = { kind: 'passivate' } as const;

/** A device's acknowledgement could not be stored; it is tried again. */
interface AckRetry {
  readonly kind: 'ack_retry';
  readonly device: DeviceId;
}

/** Receipts have waited for company long enough. */
interface ReceiptsDue {
  readonly kind: 'receipts_due';
  readonly device: DeviceId;
}

type Info =
  ToMailbox | PortMessage | AckRetry | ReceiptsDue | ShardReleased | DownMessage | typeof PASSIVATE;

const ACK_RETRY_MS = 500;
/** How long a receipt waits for a row to go with. */
const RECEIPT_HOLD_MS = 100;

export const mailbox: GenServer<MailboxArgument, State, never, never, Info> = {
  init({ user, shard, passivateMs, window }): InitResult<State> {
    // From here on it hears of rows instead of the sessions that rest.
    for (const { session } of speakersOf(user).filter(isReceiver)) send(session, ROWS_WAIT);
    const state: State = {
      port: new StorePort(shard, missed),
      boxes: new Map(),
      passivateMs,
      window,
      active: false,
    };
    sendAfter(passivateMs, self(), PASSIVATE);
    return ['ok', state];
  },

  handleInfo(message, state): CastResult<State> {
    if (message.kind === 'passivate') return passivate(state);
    state.active = true;
    switch (message.kind) {
      case 'appended': {
        const box = state.boxes.get(message.device);
        if (box === undefined) break;
        box.appended(message.rows);
        serve(state, message.device, box);
        break;
      }
      case 'attach_device':
        attach(state, message);
        break;
      case 'taken': {
        const box = state.boxes.get(message.device);
        if (box?.session !== message.session) break;
        box.taken(message.upTo, message.again);
        acknowledge(state, message.device, box);
        serve(state, message.device, box);
        break;
      }
      case 'pause': {
        const box = state.boxes.get(message.device);
        if (box?.session !== message.session) break;
        box.paused = message.paused;
        serve(state, message.device, box);
        break;
      }
      case 'ack_retry': {
        const box = state.boxes.get(message.device);
        if (box !== undefined) acknowledge(state, message.device, box);
        break;
      }
      case 'receipts_due': {
        const box = state.boxes.get(message.device);
        if (box === undefined) break;
        box.holding = false;
        box.receiptsDue();
        serve(state, message.device, box);
        break;
      }
      case 'shard_released':
        if (message.shard === state.port.shard) return ['stop', 'shutdown', state];
        break;
      case 'EXIT':
      case 'timeout':
        break;
      default:
        if (!state.port.handle(message, state) && message.kind === 'DOWN') detach(state, message);
    }
    return ['noreply', state];
  },
};

/** What the dead store has committed last it may have told nobody. */
function missed(state: State): void {
  for (const [device, box] of state.boxes) {
    box.missed();
    serve(state, device, box);
  }
}

/** Sessions look what waits when it stops: whatever was on its way to it is not lost. */
function passivate(state: State): CastResult<State> {
  const { active, boxes, passivateMs } = state;
  if (!active && [...boxes.values()].every(box => box.isAtRest)) return ['stop', 'normal', state];
  state.active = false;
  sendAfter(passivateMs, self(), PASSIVATE);
  return ['noreply', state];
}

function attach(state: State, { device, session, ...from }: Attach): void {
  const older = state.boxes.get(device);
  if (older !== undefined) demonitor(older.watch, { flush: true });
  const box = new Box(session, monitor(session), from, state.window);
  state.boxes.set(device, box);
  acknowledge(state, device, box);
  serve(state, device, box);
}

function detach(state: State, { ref }: DownMessage): void {
  for (const [device, box] of state.boxes) if (box.watch === ref) state.boxes.delete(device);
}

/** Pushes what the window allows, then reads ahead when the buffer has run dry. */
function serve(state: State, device: DeviceId, box: Box): void {
  const next = box.next();
  if (next !== null) send(box.session, { kind: 'push', ...next } satisfies Push);
  else if (box.holdsReceipts && !box.holding) {
    box.holding = true;
    sendAfter(RECEIPT_HOLD_MS, self(), { kind: 'receipts_due', device } satisfies ReceiptsDue);
  }
  const after = box.readAfter();
  if (after !== null) readAhead(state, device, box, after);
}

// On its own, as what acknowledges is: a function that makes closures costs memory also where it makes none.
function readAhead(state: State, device: DeviceId, box: Box, after: number): void {
  const { generation } = box;
  box.startReading();
  state.port.submit(
    {
      kind: 'read_rows',
      device,
      after,
      rows: state.window.unackedRows,
      bytes: state.window.unackedBytes,
    },
    ({ rows, complete }, state) => {
      if (state.boxes.get(device) !== box || box.generation !== generation) return;
      box.loaded(rows, complete);
      serve(state, device, box);
    },
    () => {
      throw new Error('reading a mailbox takes no room, yet the store refused it for want of room');
    },
  );
}

/** Repeats the highest acknowledgement until the store has committed it. */
function acknowledge(state: State, device: DeviceId, box: Box): void {
  if (!box.ackUnderWay && box.ackWanted > box.acked) submitAck(state, device, box);
}

function submitAck(state: State, device: DeviceId, box: Box): void {
  box.ackUnderWay = true;
  const upTo = box.ackWanted;
  state.port.submit(
    { kind: 'acknowledge', device, upTo },
    ({ acked }, state) => {
      box.ackUnderWay = false;
      box.acked = Math.max(box.acked, acked);
      // What lies beyond the newest row was never given: it is not asked for again.
      if (acked < upTo) box.ackWanted = box.acked;
      acknowledge(state, device, box);
    },
    () => {
      box.ackUnderWay = false;
      sendAfter(ACK_RETRY_MS, self(), { kind: 'ack_retry', device } satisfies AckRetry);
    },
  );
}
