/**
 * Counts what happens where every message passes: a plain number, which the registry reads when somebody asks for
 * `/metrics`. A labelled counter per event would cost more than the event.
 */
import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** Only rises. */
export class Tally {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
}

/** Rises and falls. */
export class Level extends Tally {
  dec(by = 1): void {
    this.value -= by;
  }
}

export const PREFIX = 'strowger_';

/** @param name without prefix; by Prometheus' custom it ends in `_total` */
export function tally(registry: Registry, name: string, help: string): Tally {
  const made = new Tally();
  new Counter({
    name: PREFIX + name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(made.value);
    },
  });
  return made;
}

/** @param name without prefix */
export function level(registry: Registry, name: string, help: string): Level {
  const made = new Level();
  gauge(registry, name, help, () => made.value);
  return made;
}

/**
 * A gauge whose value is asked for when the metrics are read.
 * @param name without prefix
 */
export function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name: PREFIX + name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
