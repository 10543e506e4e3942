import type { LogEvent, LogSink } from '../actors/index.ts';

/**
 * Holds reports back while the server starts. When it cannot start for a reason that a person can do something about,
 * one sentence says so, and the crash reports of everybody on the way would bury it; else they are what explains it.
 */
export class StartLog {
  private held: LogEvent[] | undefined = [];
  private readonly next: LogSink;

  constructor(next: LogSink) {
    this.next = next;
  }

  readonly sink: LogSink = event => {
    if (this.held === undefined) this.next(event);
    else this.held.push(event);
  };

  get holds(): boolean {
    return this.held !== undefined;
  }

  /** From now on everything goes on at once; what was held goes first. */
  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const event of held) this.next(event);
  }
}
