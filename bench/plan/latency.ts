/**
 * How long a message waits by how busy the thread is that it passes: an estimate by the M/M/1 queue (Poisson arrivals,
 * exponential service, one server; Kleinrock, Queueing Systems I, section 3.2). Time in the system is exponential with
 * rate (1 − ρ) / s, so its mean is s / (1 − ρ) and its p99 that times ln 100. A real server works in batches, which
 * wait for each other: what is measured at half load is the batch, and is added as it is.
 */
export interface LatencyEstimate {
  readonly utilisation: number;
  readonly meanMs: number;
  readonly p99Ms: number;
}

/**
 * @param utilisations each from 0 up to 1, not included
 * @param serviceMs what one message keeps the thread busy
 * @param batchMs the measured p99 at half load, which holds the commit and the batch that a message waits for
 */
export function latencies(
  utilisations: readonly number[],
  serviceMs: number,
  batchMs: number,
): LatencyEstimate[] {
  const atHalf = p99(0.5, serviceMs);
  // What the queue does not explain at half load is the batch; batches grow as the queue does.
  const batch = Math.max(0, batchMs - atHalf);
  return utilisations.map(utilisation => {
    const growth = 0.5 / (1 - utilisation);
    return {
      utilisation,
      meanMs: serviceMs / (1 - utilisation) + (batch * growth) / Math.log(100),
      p99Ms: p99(utilisation, serviceMs) + batch * growth,
    };
  });
}

const p99 = (utilisation: number, serviceMs: number): number =>
  (serviceMs / (1 - utilisation)) * Math.log(100);
