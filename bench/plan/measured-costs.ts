/** What a server costs, measured: the ground that `plan` reckons on. */
export interface MeasuredCosts {
  /** Processor time of the server for a direct message from one device to one other, and of its busiest thread. From `relay`. */
  readonly microsPerMessage: number;
  readonly busiestMicrosPerMessage: number;
  /** Processor time for a message at one more member of a group. From `fanout`. */
  readonly microsPerDelivery: number;
  /** Processor time of a login. From `login`. */
  readonly microsPerChallenge: number;
  readonly microsPerResume: number;
  /** Memory of an idle connection and of a server without any. From `idle`. */
  readonly bytesPerConnection: number;
  readonly serverBytes: number;
  /** Of a direct message. From `relay`. */
  readonly writtenBytesPerMessage: number;
  readonly receivedBytesPerMessage: number;
  readonly sentBytesPerMessage: number;
  /** What a waiting message takes on disk. From `recovery`. */
  readonly storedBytesPerMessage: number;
  /** Bytes of body of all of these messages. */
  readonly bodyBytes: number;
  /** End to end at half of the highest rate. From `relay`. */
  readonly halfLoadP99Ms: number;
}

/** Figures, and where they are from. */
export interface Measurement extends MeasuredCosts {
  readonly machine: string;
  readonly at: string;
  readonly command: string;
}

/** Used where no reports are given. */
export const committed: Measurement = {
  machine: 'AMD EPYC, 2 cores, 23.5 GiB, linux x64, Node v20.20.2, the load generator on it too',
  at: '2026-11-21',
  command:
    'bench relay and fanout with --seconds 4, idle whole; recovery and login --connections 2000 with --quick; --isolates 1',
  microsPerMessage: 11.5,
  busiestMicrosPerMessage: 6.7,
  microsPerDelivery: 4.8,
  microsPerChallenge: 353,
  microsPerResume: 177,
  bytesPerConnection: 4_369,
  serverBytes: 112 * 2 ** 20,
  writtenBytesPerMessage: 964,
  receivedBytesPerMessage: 236,
  sentBytesPerMessage: 244,
  storedBytesPerMessage: 280,
  bodyBytes: 200,
  halfLoadP99Ms: 41.3,
};
