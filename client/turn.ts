/**
 * Work put off to the end of the loop turn, so that all that came in meanwhile shares one frame and one commit.
 * One queue for all clients of the program: a thousand of them cost one callback a turn.
 */
let queue: (() => void)[] = [];

declare const setImmediate: ((run: () => void) => unknown) | undefined;

/** Browsers have no setImmediate; a timer of 0 ms is the nearest that lets waiting messages come in first. */
const defer: (run: () => void) => unknown =
  typeof setImmediate === 'function' ? setImmediate : run => setTimeout(run, 0);

/** Runs `work` once when the present loop turn has read its input, in the order of the calls. */
export function atTurnEnd(work: () => void): void {
  if (queue.push(work) === 1) defer(drain);
}

function drain(): void {
  const due = queue;
  queue = [];
  let done = 0;
  try {
    for (const work of due) {
      done++;
      work();
    }
  } finally {
    // What one piece of work throws is its own: the rest still runs, in the next turn.
    if (done < due.length) for (const work of due.slice(done)) atTurnEnd(work);
  }
}
