/**
 * The delivery oracle: it is told what every device handed in, what the server answered and what every application
 * saw, and says what was lost, doubled, reordered, wrongly refused or leaked. It knows the promise (docs/protocol.md)
 * and nothing of how the server keeps it. A pure recorder: no clock, no input or output.
 *
 * Load generators use it for millions of messages, and what it kept of each would be a kilobyte that their garbage
 * collection copies and marks. So of a message that is accepted and was seen by all who may see it only numbers are left,
 * a bit each.
 */
import type { ErrorCode } from '../protocol/errors.ts';
import type { DeviceId } from '../protocol/ids.ts';
import { NumberSet } from './number-set.ts';
import { OracleMessage, type Fate, type Submission } from './oracle-message.ts';
import { emptyVerdict, type Counts, type Finding, type Verdict } from './verdict.ts';

/** One device's application saw a message. */
export interface Delivery {
  /** Who saw it. */
  readonly device: DeviceId;
  readonly from: DeviceId;
  readonly seq: number;
  readonly id: string;
}

/** The sender was told that `after < seq <= upTo` will not reach `peer`. */
export interface Notice {
  readonly device: DeviceId;
  readonly peer: DeviceId;
  readonly after: number;
  readonly upTo: number;
}

/** What one device sent. */
interface Sent {
  /** By number: what may still become right or wrong. */
  readonly open: Map<number, OracleMessage>;
  /** Accepted, and seen by all who may see it. */
  readonly settled: NumberSet;
}

/** The order of what one device saw of another. */
interface Pair {
  highest: number;
  readonly seen: NumberSet;
}

export class Oracle {
  readonly #sent = new Map<DeviceId, Sent>();
  readonly #pairs = new Map<string, Pair>();
  /** Of the open messages. */
  readonly #ids = new Set<string>();
  readonly #gone = new Set<DeviceId>();
  readonly #findings: Finding[] = [];
  readonly #waiting: { readonly isDue: () => boolean; readonly wake: () => void }[] = [];
  #submitted = 0;
  #undecided = 0;
  #owed = 0;
  #accepted = 0;
  readonly #acceptedBy = new Map<DeviceId, number>();
  #refused = 0;
  #delivered = 0;

  /** Messages without an answer yet. */
  get undecided(): number {
    return this.#undecided;
  }

  /** Deliveries that accepted messages still owe. */
  get owed(): number {
    return this.#owed;
  }

  get counts(): Counts {
    return {
      submitted: this.#submitted,
      accepted: this.#accepted,
      refused: this.#refused,
      delivered: this.#delivered,
      undecided: this.#undecided,
    };
  }

  /** @throws RangeError when the number was submitted before or the id is still open: the test itself is wrong then */
  submitted(submission: Submission): void {
    const { device, seq, id } = submission;
    const { open, settled } = this.#sentBy(device);
    if (open.has(seq) || settled.has(seq))
      throw new RangeError(`expected a new number of ${device}, got ${seq} again`);
    if (this.#ids.has(id)) throw new RangeError(`expected a new id, got ${id} again`);
    open.set(seq, new OracleMessage(submission));
    this.#ids.add(id);
    this.#submitted++;
    this.#undecided++;
  }

  /** How many of the device's messages have been accepted so far. */
  acceptedBy(device: DeviceId): number {
    return this.#acceptedBy.get(device) ?? 0;
  }

  /** The sender was told that this one message is accepted. Being told again changes nothing. */
  accepted(device: DeviceId, seq: number): void {
    if (this.#isSettled(device, seq)) return;
    const message = this.#message(device, seq);
    if (message === undefined) {
      this.#find({ kind: 'invented', device, from: device, seq, detail: 'accepted, never sent' });
      return;
    }
    if (message.fate === 'accepted') return;
    if (message.fate === 'refused')
      this.#find({ kind: 'contradicted', device, from: device, seq, detail: 'refused, accepted' });
    this.#decide(message, 'accepted');
    this.#acceptedBy.set(device, this.acceptedBy(device) + 1);
    this.#owed += this.#owedOf(message);
    this.#forget(device, message);
    this.#look();
  }

  /** The refusal stands: the message was dropped by its sender. */
  refused(device: DeviceId, seq: number, code: ErrorCode | 'unknown'): void {
    if (this.#isSettled(device, seq)) {
      const detail = `accepted and delivered, then refused: ${code}`;
      this.#find({ kind: 'contradicted', device, from: device, seq, detail });
      return;
    }
    const message = this.#message(device, seq);
    if (message === undefined) {
      this.#find({ kind: 'invented', device, from: device, seq, detail: `refused: ${code}` });
      return;
    }
    if (message.fate === 'accepted')
      this.#find({
        kind: 'contradicted',
        device,
        from: device,
        seq,
        detail: `accepted, then refused: ${code}`,
      });
    else if (!message.mayBeRefused(code))
      this.#find({ kind: 'wrongly_refused', device, from: device, seq, detail: code });
    for (const seer of message.seenBy)
      this.#find({ kind: 'leaked', device: seer, from: device, seq, detail: `refused: ${code}` });
    this.#decide(message, 'refused');
    this.#look();
  }

  /**
   * The sender was told that a restored server lost this message and takes it no more. It may have reached some
   * devices before; nothing is owed.
   */
  unresolved(device: DeviceId, seq: number): void {
    const message = this.#message(device, seq);
    if (message === undefined) return;
    if (message.fate === 'accepted') this.#owed -= this.#owedOf(message);
    this.#decide(message, 'unresolved');
    this.#look();
  }

  /** An application saw a message: after everything that drops repetitions. */
  delivery({ device, from, seq, id }: Delivery): void {
    this.#delivered++;
    if (this.#isSettled(from, seq)) {
      if (!this.#pair(device, from).seen.has(seq))
        this.#find({ kind: 'leaked', device, from, seq, detail: 'not for this device' });
      this.#order(device, from, seq);
      return;
    }
    const message = this.#message(from, seq);
    if (message === undefined) {
      this.#find({ kind: 'invented', device, from, seq, detail: `seen as ${id}` });
      return;
    }
    if (message.id !== id)
      this.#find({ kind: 'corrupted', device, from, seq, detail: `seen as ${id}` });
    if (message.fate === 'refused')
      this.#find({ kind: 'leaked', device, from, seq, detail: 'refused before' });
    else if (!message.isFor(device))
      this.#find({ kind: 'leaked', device, from, seq, detail: 'not for this device' });
    this.#order(device, from, seq);
    const owedBefore = message.owes(device);
    message.seenBy.add(device);
    if (owedBefore && message.fate === 'accepted' && !this.#gone.has(device)) this.#owed--;
    this.#forget(from, message);
    this.#look();
  }

  /** The sender was told that messages will not reach a device: they are no longer owed to it. */
  undelivered({ device, peer, after, upTo }: Notice): void {
    for (const message of this.#sentBy(device).open.values()) {
      if (message.seq <= after || message.seq > upTo || !message.owes(peer)) continue;
      message.toldLost.add(peer);
      if (message.fate === 'accepted' && !this.#gone.has(peer)) this.#owed--;
    }
    this.#look();
  }

  /** The device was removed, or has retired: nothing more is owed to it, and what it saw stays right. */
  removed(device: DeviceId): void {
    if (this.#gone.has(device)) return;
    for (const { open } of this.#sent.values())
      for (const message of open.values())
        if (message.fate === 'accepted' && message.owes(device)) this.#owed--;
    this.#gone.add(device);
    for (const message of this.#sentBy(device).open.values())
      if (message.fate === 'undecided') this.#decide(message, 'unresolved');
    this.#look();
  }

  /**
   * Resolves when every message has an answer and every accepted one has reached all that it is owed to; rejects
   * with what is missing when `signal` is aborted first.
   */
  settled(signal?: AbortSignal): Promise<void> {
    return this.when(() => this.#undecided === 0 && this.#owed === 0, signal);
  }

  /** Resolves as soon as `isDue` holds; it is asked after each thing that the oracle is told. */
  when(isDue: () => boolean, signal?: AbortSignal): Promise<void> {
    if (isDue()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = (): void =>
        reject(new Error(`the messages did not settle: ${this.#summary()}`));
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      const wake = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.push({ isDue, wake });
    });
  }

  /** Everything found wrong so far; what accepted messages still owe counts as lost, so ask when all has settled. */
  verdict(): Verdict {
    const verdict = emptyVerdict(this.counts);
    for (const finding of this.#findings) verdict[finding.kind].push(finding);
    for (const [from, { open }] of this.#sent)
      for (const message of open.values())
        if (message.fate === 'accepted')
          for (const device of message.targets)
            if (message.owes(device) && !this.#gone.has(device))
              verdict.lost.push({
                kind: 'lost',
                device,
                from,
                seq: message.seq,
                detail: message.id,
              });
    return verdict;
  }

  #order(device: DeviceId, from: DeviceId, seq: number): void {
    const pair = this.#pair(device, from);
    if (pair.seen.has(seq)) this.#find({ kind: 'doubled', device, from, seq, detail: '' });
    else if (seq < pair.highest)
      this.#find({ kind: 'reordered', device, from, seq, detail: `after ${pair.highest}` });
    pair.seen.add(seq);
    pair.highest = Math.max(pair.highest, seq);
  }

  #pair(device: DeviceId, from: DeviceId): Pair {
    const key = `${device} ${from}`;
    let pair = this.#pairs.get(key);
    if (pair === undefined) this.#pairs.set(key, (pair = { highest: 0, seen: new NumberSet() }));
    return pair;
  }

  #isSettled(device: DeviceId, seq: number): boolean {
    return this.#sent.get(device)?.settled.has(seq) ?? false;
  }

  /** Keeps no more than its number of a message of which nothing can change. */
  #forget(device: DeviceId, message: OracleMessage): void {
    if (message.fate !== 'accepted' || !message.hasReachedAll) return;
    const { open, settled } = this.#sentBy(device);
    open.delete(message.seq);
    settled.add(message.seq);
    this.#ids.delete(message.id);
  }

  #decide(message: OracleMessage, fate: Fate): void {
    if (message.fate === 'undecided') this.#undecided--;
    if (message.fate === 'accepted') this.#accepted--;
    if (message.fate === 'refused') this.#refused--;
    message.fate = fate;
    if (fate === 'accepted') this.#accepted++;
    if (fate === 'refused') this.#refused++;
  }

  #owedOf(message: OracleMessage): number {
    return message.targets.filter(device => message.owes(device) && !this.#gone.has(device)).length;
  }

  #look(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const waiting = this.#waiting[i];
      if (waiting?.isDue() !== true) continue;
      this.#waiting.splice(i, 1);
      waiting.wake();
    }
  }

  #summary(): string {
    return `${this.#undecided} without an answer, ${this.#owed} deliveries owed, ${this.#findings.length} findings`;
  }

  #find(finding: Finding): void {
    this.#findings.push(finding);
  }

  #message(device: DeviceId, seq: number): OracleMessage | undefined {
    return this.#sent.get(device)?.open.get(seq);
  }

  #sentBy(device: DeviceId): Sent {
    let sent = this.#sent.get(device);
    if (sent === undefined)
      this.#sent.set(device, (sent = { open: new Map(), settled: new NumberSet() }));
    return sent;
  }
}
