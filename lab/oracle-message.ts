import type { ErrorCode } from '../protocol/errors.ts';
import type { DeviceId } from '../protocol/ids.ts';

/** One message as it was put into an outbox. */
export interface Submission {
  readonly device: DeviceId;
  readonly seq: number;
  /** What tells this message from all others at its recipients: two with one id are one message for them. */
  readonly id: string;
  /** The devices that must get it. */
  readonly targets: readonly DeviceId[];
  /** Devices that may get it or not: those that come or go while it is under way. */
  readonly optional?: readonly DeviceId[];
  /** Refusals that are right for this message. */
  readonly mayRefuse?: readonly ErrorCode[];
}

/** `unresolved`: nobody can say any more, and the sender was told so. */
export type Fate = 'undecided' | 'accepted' | 'refused' | 'unresolved';

/** One message as the oracle follows it. */
export class OracleMessage {
  readonly seq: number;
  readonly id: string;
  readonly targets: readonly DeviceId[];
  /** The devices whose application saw it. */
  readonly seenBy = new Set<DeviceId>();
  /** The devices that its sender was told it will not reach. */
  readonly toldLost = new Set<DeviceId>();
  fate: Fate = 'undecided';
  readonly #optional: readonly DeviceId[];
  readonly #mayRefuse: readonly ErrorCode[];

  constructor({ seq, id, targets, optional = [], mayRefuse = [] }: Submission) {
    this.seq = seq;
    this.id = id;
    this.targets = targets;
    this.#optional = optional;
    this.#mayRefuse = mayRefuse;
  }

  isFor(device: DeviceId): boolean {
    return this.targets.includes(device) || this.#optional.includes(device);
  }

  /** Whether, once accepted, it still has to reach this device. */
  owes(device: DeviceId): boolean {
    return this.targets.includes(device) && !this.seenBy.has(device) && !this.toldLost.has(device);
  }

  /** Whether everybody has seen it who has to, or may. */
  get hasReachedAll(): boolean {
    const hasSeen = (device: DeviceId): boolean => this.seenBy.has(device);
    return this.targets.every(hasSeen) && this.#optional.every(hasSeen);
  }

  mayBeRefused(code: string): boolean {
    return this.#mayRefuse.some(right => right === code);
  }
}
