/** What a server tells about itself at `/metrics`, in Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class ServerMetrics {
  readonly #samples: readonly Sample[];

  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  /** The sum of a metric over all its labels; 0 when there is none of the name. */
  total(name: string): number {
    return this.#samples.reduce((sum, each) => (each.name === name ? sum + each.value : sum), 0);
  }

  /** A metric by one of its labels, summed over the others. */
  by(name: string, label: string): Map<string, number> {
    const found = new Map<string, number>();
    for (const sample of this.#samples) {
      const key = sample.labels[label];
      if (sample.name === name && key !== undefined)
        found.set(key, (found.get(key) ?? 0) + sample.value);
    }
    return found;
  }
}

/** @throws (rejects) Error when the server does not answer with them */
export async function readMetrics(server: string): Promise<ServerMetrics> {
  const response = await fetch(`${server}/metrics`, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`${server}/metrics answered HTTP ${response.status}`);
  return new ServerMetrics(parseMetrics(await response.text()));
}

export function parseMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    const pairs = labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
    samples.push({
      name,
      labels: Object.fromEntries([...pairs].map(([, key = '', text = '']) => [key, text])),
      value: Number(value),
    });
  }
  return samples;
}
