/** Where a thread's time goes, by the label of the processes that used it. */

/** What processes of one label used so far. */
export interface TurnTime {
  /** Turns: drains of a mailbox, also those that go on after a handler's promise. */
  readonly turns: number;
  /** Messages handled. */
  readonly messages: number;
  /** Wall-clock microseconds of these turns; not of what handlers do after an `await`. */
  readonly micros: number;
}

/** The same, as the runtime counts it. */
export interface TurnTimes {
  turns: number;
  messages: number;
  micros: number;
}

/** Labels are few, kinds of processes; should somebody make one for each user, the rest share one. */
const LABELS_LIMIT = 1_000;
const OTHERS = '(other labels)';

const byLabel = new Map<string, TurnTimes>();

/** The one account of all processes with this label. */
export function turnTimesOf(label: string): TurnTimes {
  const known = byLabel.get(label);
  if (known !== undefined) return known;
  if (byLabel.size >= LABELS_LIMIT && label !== OTHERS) return turnTimesOf(OTHERS);
  const made = { turns: 0, messages: 0, micros: 0 };
  byLabel.set(label, made);
  return made;
}

/** The turns of this isolate's processes so far, by label. The map is the live one: it counts on. */
export function turnTimes(): ReadonlyMap<string, TurnTime> {
  return byLabel;
}
