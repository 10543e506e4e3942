/**
 * The mailbox of an active user: for each of its devices that is connected a window of pushed rows, fed by what the
 * store has just committed or by reading it. It keeps nothing that the store does not have, and stops when nobody
 * of the user is connected any more.
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
import { StorePort, type PortMessage } from '../stores/port.ts';
import { Box, type Window } from './box.ts';
import type { Attach, Push, ToMailbox } from './protocol.ts';

export interface MailboxArgument {
  readonly user: UserId;
  readonly shard: number;
  /** How long it stays without a connected device. */
  readonly passivateMs: number;
  readonly window: Window;
}

interface State {
  readonly port: StorePort;
  readonly boxes: Map<DeviceId, Box>;
  readonly passivateMs: number;
  readonly window: Window;
}

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

type Info = ToMailbox | PortMessage | AckRetry | ReceiptsDue | ShardReleased | DownMessage;

const ACK_RETRY_MS = 500;
/** How long a receipt waits for a row to go with. */
const RECEIPT_HOLD_MS = 100;

export const mailbox: GenServer<MailboxArgument, State, never, never, Info> = {
  init({ shard, passivateMs, window }): InitResult<State> {
    const port = new StorePort(shard, () => {
      for (const [device, box] of state.boxes) {
        box.missed();
        serve(state, device, box);
      }
    });
    const state: State = { port, boxes: new Map(), passivateMs, window };
    return ['ok', state, passivateMs];
  },

  handleInfo(message, state): CastResult<State> {
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
      case 'timeout':
        if (state.boxes.size === 0) return ['stop', 'normal', state];
        break;
      case 'EXIT':
        break;
      default:
        if (!state.port.handle(message) && message.kind === 'DOWN') detach(state, message);
    }
    return state.boxes.size === 0 ? ['noreply', state, state.passivateMs] : ['noreply', state];
  },
};

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
  if (after === null) return;
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
    ({ rows, complete }) => {
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
  if (box.ackUnderWay || box.ackWanted <= box.acked) return;
  box.ackUnderWay = true;
  const upTo = box.ackWanted;
  state.port.submit(
    { kind: 'acknowledge', device, upTo },
    ({ acked }) => {
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
