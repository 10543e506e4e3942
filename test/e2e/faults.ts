/** What a test and the isolates with faults say to each other. */
import type { DeviceId } from '../../protocol/ids.ts';

export const FAULTS_CHANNEL = 'strowger-test-faults';

export type Fault =
  | 'loop'
  | 'allocate'
  | 'keep buffers'
  | 'throw from a timer'
  | 'throw where nobody owns it'
  | 'process.exit';

export interface FaultOrder {
  readonly fault: Fault;
  /** In which isolate; undefined: in any. */
  readonly isolate: number | undefined;
  /** Whenever this device says something; undefined: once, whoever says something next. */
  readonly device: DeviceId | undefined;
}
