/** A message on its way, as its author sees it. */

/** What a send's author holds. */
export interface PendingSend {
  /** The message's id, the same at its recipients. */
  readonly id: string;
  /** The message's number: receipts and `undelivered` name it. */
  readonly seq: number;
  /** It is in the outbox: from here on it survives the program. */
  readonly stored: Promise<void>;
  /**
   * The server has it durably. Rejects with a RefusedError when it never will, with a ClientError `closed` when the
   * client is closed first (it stays in the outbox). A rejection that nobody waits for is no unhandled one.
   */
  readonly accepted: Promise<AcceptedSend>;
}

export interface AcceptedSend {
  /** Milliseconds since 1970 by the server's clock; null when an earlier connection has carried it and only `state` tells. */
  readonly acceptedAt: number | null;
}

/** The same, as the sender settles it. */
export class WaitingSend implements PendingSend {
  readonly id: string;
  readonly seq: number;
  readonly stored: Promise<void>;
  readonly accepted: Promise<AcceptedSend>;
  resolve!: (answer: AcceptedSend) => void;
  reject!: (error: Error) => void;
  markStored!: () => void;
  loseStored!: (error: Error) => void;

  constructor(seq: number, id: string) {
    this.seq = seq;
    this.id = id;
    this.stored = new Promise((resolve, reject) => {
      this.markStored = resolve;
      this.loseStored = reject;
    });
    this.accepted = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever does not wait for the answer is told by nothing else; that is no crash.
    this.stored.catch(() => undefined);
    this.accepted.catch(() => undefined);
  }
}
