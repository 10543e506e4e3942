/** Figures of several isolates, each measured at its own moments, as lines of a chart over common seconds. */
import type { Sample, SystemAnswer } from '../../protocol/observer.ts';

export interface Lines {
  /** Whole seconds since 1970, rising. */
  readonly times: readonly number[];
  /** One line per figure or isolate; null where nothing is known. */
  readonly values: readonly (readonly (number | null)[])[];
}

type History = SystemAnswer['history'];
export type Figure = (sample: Sample) => number | undefined;

/** An isolate measures about once a second: at a moment without a measurement the last one holds, for so many seconds. */
const HOLDS_SECONDS = 2;

/** One line per figure: of all isolates the sum. */
export function sums(history: History, figures: readonly Figure[]): Lines {
  const times = secondsOf(history);
  const isolates = history.map(({ samples }) => sampleAt(samples));
  const sumAt = (figure: Figure, time: number): number | null => {
    const known = isolates.flatMap(at => {
      const sample = at(time);
      return sample === undefined ? [] : (figure(sample) ?? []);
    });
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  };
  return { times, values: figures.map(figure => times.map(time => sumAt(figure, time))) };
}

/** One line per isolate, in the history's order. */
export function perIsolate(history: History, figure: Figure): Lines {
  const times = secondsOf(history);
  return {
    times,
    values: history.map(({ samples }) => {
      const at = sampleAt(samples);
      return times.map(time => {
        const sample = at(time);
        return sample === undefined ? null : (figure(sample) ?? null);
      });
    }),
  };
}

/** The newest samples together: what a figure is now. */
export function total(system: SystemAnswer, figure: Figure): number {
  return system.isolates.reduce((sum, { last }) => sum + (figure(last) ?? 0), 0);
}

const secondOf = ({ at }: Sample): number => Math.round(at / 1_000);

const secondsOf = (history: History): number[] =>
  [...new Set(history.flatMap(({ samples }) => samples.map(secondOf)))].sort((a, b) => a - b);

function sampleAt(samples: readonly Sample[]): (time: number) => Sample | undefined {
  const bySecond = new Map(samples.map(sample => [secondOf(sample), sample]));
  return time => {
    for (let back = 0; back <= HOLDS_SECONDS; back += 1) {
      const sample = bySecond.get(time - back);
      if (sample !== undefined) return sample;
    }
    return undefined;
  };
}
