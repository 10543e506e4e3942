/** What a test or a bench and the isolates with faults (lab/faulty-isolate.ts) say to each other, within one process. */
import type { DeviceId } from '../protocol/ids.ts';

/** The program that isolates run to have faults: for `setWorkerEntry`. */
export const faultyIsolate = new URL('./faulty-isolate.js', import.meta.url);

/** Takes {@link FaultOrder}. */
export const FAULTS_CHANNEL = 'strowger-faults';
/** Brings {@link FaultBegun}. */
export const FAULTS_BEGUN_CHANNEL = 'strowger-faults-begun';

export type Fault =
  | 'loop'
  | 'allocate'
  | 'keep a large map'
  | 'keep buffers'
  | 'keep buffers at once'
  | 'throw from a timer'
  | 'throw where nobody owns it'
  | 'process.exit';

export interface FaultOrder {
  readonly fault: Fault;
  /** In which isolate; undefined: in any. */
  readonly isolate: number | undefined;
  /** Whenever this device says something; undefined: once, whoever says something next. */
  readonly device: DeviceId | undefined;
  /** To whom it does not happen. */
  readonly spared?: readonly DeviceId[];
}

/** Told right before it happens. */
export interface FaultBegun {
  readonly isolate: number;
  /** In whose session. */
  readonly device: DeviceId;
  /** Milliseconds since 1970. */
  readonly at: number;
}
