/** What is measured, the same for every contestant. */
export interface Sizes {
  /** Round trips between two processes. */
  readonly roundTrips: number;
  /** Senders of the fan-in, and the messages that each of them sends to the one receiver. */
  readonly senders: number;
  readonly messagesEach: number;
  /** Processes made, handling one message each, and ended again. */
  readonly spawned: number;
  /** Children of one supervisor, and how many of them are killed, one after the other. */
  readonly children: number;
  readonly restarts: number;
}

export const fullSizes: Sizes = {
  roundTrips: 200_000,
  senders: 1_000,
  messagesEach: 1_000,
  spawned: 100_000,
  children: 100_000,
  restarts: 300,
};

export const quickSizes: Sizes = {
  roundTrips: 20_000,
  senders: 1_000,
  messagesEach: 100,
  spawned: 10_000,
  children: 100_000,
  restarts: 100,
};

/** One round's figures. A contestant leaves out what it cannot tell, or has not. */
export interface Figures {
  readonly roundTripsPerSecond?: number;
  readonly fanInPerSecond?: number;
  readonly spawnsPerSecond?: number;
  readonly bytesPerProcess?: number;
  readonly restartsPerSecond?: number;
}

export interface Contestant {
  readonly name: string;
  measure(sizes: Sizes): Promise<Figures>;
  /** What would burden the other figures of its process: it follows when all rounds of these are over. */
  readonly measureLast?: (sizes: Sizes) => Promise<Figures>;
}

/** Things done per second of wall-clock time. */
export async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (count / (performance.now() - from)) * 1_000;
}
