/**
 * The scans of one observer: one step of one of them a turn, and one for all who ask for the same within a second.
 */
import { reply, self, send, type From } from '../../actors/index.ts';
import { Scan, type Scanned, type ScanPlan } from './scan.ts';

/** To the observer itself: go on with the scan of this name. */
export interface ScanStep {
  readonly kind: 'scan_step';
  readonly name: string;
}

/** How long what was found is good enough for others who ask for the same. */
const FRESH_MS = 900;
/** Different scans that are kept; more push out the oldest. */
const KEPT = 32;

interface Kept<Item> {
  readonly scan: Scan<Item>;
  waiting: ((found: Scanned<Item>) => void)[];
  found: { readonly scanned: Scanned<Item>; readonly at: number } | undefined;
}

export class Scans<Item> {
  readonly #kept = new Map<string, Kept<Item>>();

  /** Answers with what `show` makes of it, at once or when the scan is through. @param name the same for the same plan */
  answer<Answer>(
    name: string,
    plan: () => ScanPlan<Item>,
    from: From<Answer>,
    show: (found: Scanned<Item>) => Answer,
  ): void {
    const tell = (found: Scanned<Item>): void => reply(from, show(found));
    const known = this.#kept.get(name);
    if (known?.found !== undefined && performance.now() - known.found.at < FRESH_MS) {
      tell(known.found.scanned);
    } else if (known !== undefined && known.found === undefined) {
      known.waiting.push(tell);
    } else {
      this.#kept.delete(name);
      this.#kept.set(name, { scan: new Scan(plan()), waiting: [tell], found: undefined });
      this.#forgetOldest();
      this.step(name);
    }
  }

  step(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined || kept.found !== undefined) return;
    const scanned = kept.scan.step();
    if (scanned === undefined) {
      send(self(), { kind: 'scan_step', name } satisfies ScanStep);
      return;
    }
    kept.found = { scanned, at: performance.now() };
    for (const tell of kept.waiting) tell(scanned);
    kept.waiting = [];
  }

  /** Lets go of what is found and too old to be told again: it holds what was looked at. */
  forgetStale(): void {
    for (const [name, { found }] of this.#kept)
      if (found !== undefined && performance.now() - found.at >= FRESH_MS) this.#kept.delete(name);
  }

  /** Only such that are through: somebody waits for the others. */
  #forgetOldest(): void {
    for (const [name, { found }] of this.#kept) {
      if (this.#kept.size <= KEPT) return;
      if (found !== undefined) this.#kept.delete(name);
    }
  }
}
