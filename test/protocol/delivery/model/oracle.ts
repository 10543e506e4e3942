/** Knows what really happened, and says where somebody was told something else. */
import type { DeviceId } from '../../../../protocol/ids.ts';

export type ViolationKind =
  | 'LOST'
  | 'DOUBLED'
  | 'REORDERED'
  | 'LEAKED'
  | 'REFUSED_BUT_DELIVERED'
  | 'REFUSED_THEN_ACCEPTED'
  | 'RECEIPT_LIES'
  | 'RECEIPT_STUCK'
  | 'WEDGED'
  /** A device took itself for an old copy and was none. */
  | 'RETIRED_FOR_NOTHING'
  /** A send stays stale however often it is repaired. */
  | 'REFUSED_FOR_NOTHING';

export interface Violation {
  readonly kind: ViolationKind;
  readonly what: string;
}

/** One message through its life. */
export interface Fate {
  readonly uid: number;
  readonly from: DeviceId;
  readonly conversation: string | null;
  taken: boolean;
  accepted: boolean;
  refused: boolean;
  /** For whom it was last taken. */
  targets: readonly DeviceId[];
  /** For whom it was ever taken. */
  readonly everTargets: Set<DeviceId>;
  /** Devices that dropped it unread because it was too old, or that are gone; their sender may be told so. */
  readonly expired: Set<DeviceId>;
  /** Nobody can say any more: its device was rolled back, or a restored server lost it with its sender. */
  exempt: boolean;
  /** The server had taken it, was restored to before that, and may refuse it when it is offered again. */
  shaken: boolean;
  /** Which applications have seen it, and read it. */
  readonly seen: Set<DeviceId>;
  readonly read: Set<DeviceId>;
  /** Readers that claimed to have read more than they had. */
  readonly liedAbout: Set<DeviceId>;
}

export class Oracle {
  readonly violations: Violation[] = [];
  readonly fates: Fate[] = [];
  /** The server was put back: what had expired may be offered again, to devices that have seen later messages since. */
  restored = false;
  readonly #trace: ((line: string) => void) | undefined;

  /** @param trace gets what happens, line by line */
  constructor(trace?: (line: string) => void) {
    this.#trace = trace;
  }

  note(line: string): void {
    this.#trace?.(line);
  }

  bad(kind: ViolationKind, what: string): void {
    this.note(`*** ${kind}: ${what}`);
    this.violations.push({ kind, what });
  }

  /** @returns the new message's uid */
  submitted(from: DeviceId, conversation: string | null): number {
    const uid = this.fates.length;
    this.fates.push({
      uid,
      from,
      conversation,
      taken: false,
      accepted: false,
      refused: false,
      targets: [],
      everTargets: new Set(),
      expired: new Set(),
      exempt: false,
      shaken: false,
      seen: new Set(),
      read: new Set(),
      liedAbout: new Set(),
    });
    return uid;
  }

  fate(uid: number): Fate {
    const fate = this.fates[uid];
    if (fate === undefined) throw new RangeError(`no message ${uid}`);
    return fate;
  }

  taken(uid: number, targets: readonly DeviceId[]): void {
    const fate = this.fate(uid);
    this.note(`${this.name(fate)} is taken for ${targets.join(' ')}`);
    fate.taken = true;
    fate.targets = targets;
    for (const target of targets) fate.everTargets.add(target);
  }

  accepted(uid: number): void {
    const fate = this.fate(uid);
    this.note(`${this.name(fate)} is told to be accepted`);
    if (fate.refused && !fate.exempt) this.bad('REFUSED_THEN_ACCEPTED', this.name(fate));
    fate.accepted = true;
  }

  refused(uid: number): void {
    const fate = this.fate(uid);
    this.note(`${this.name(fate)} is told to be refused`);
    fate.refused = true;
    if (fate.seen.size > 0 && !fate.exempt && !fate.shaken)
      this.bad('REFUSED_BUT_DELIVERED', this.name(fate));
  }

  /** @param shown what this application has seen before, in order */
  seen(uid: number, device: DeviceId, shown: readonly number[]): void {
    const fate = this.fate(uid);
    const what = `${this.name(fate)} at ${device}`;
    this.note(`${what} is stored and seen`);
    if (shown.includes(uid)) this.bad('DOUBLED', what);
    if (shown.some(other => other > uid && this.fate(other).from === fate.from))
      this.bad('REORDERED', what);
    if (!fate.everTargets.has(device)) this.bad('LEAKED', what);
    if (fate.refused && !fate.exempt && !fate.shaken) this.bad('REFUSED_BUT_DELIVERED', what);
    fate.seen.add(device);
  }

  /** @param excused devices of which nothing is promised any more */
  finish(excused: (device: DeviceId) => boolean): void {
    for (const fate of this.fates) {
      if (!fate.accepted || fate.exempt) continue;
      if (!fate.taken) this.bad('LOST', `${this.name(fate)} was accepted, never taken`);
      for (const target of fate.targets)
        if (!fate.seen.has(target) && !fate.expired.has(target) && !excused(target))
          this.bad('LOST', `${this.name(fate)} was accepted, never reached ${target}`);
    }
  }

  name({ uid, from }: Fate): string {
    return `message ${uid} of ${from}`;
  }
}
