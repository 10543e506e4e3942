import type { DeviceId } from '../protocol/ids.ts';

/** What can be wrong with the delivery of a message. */
export const findingKinds = [
  /** Accepted, and a device that it is owed to never saw it. */
  'lost',
  /** A device saw it more than once. */
  'doubled',
  /** A device saw it after a later one of the same sending device. */
  'reordered',
  /** Refused without a right reason. */
  'wrongly_refused',
  /** Seen by a device that it was not for, or though it was refused. */
  'leaked',
  /** Seen or answered, but never sent. */
  'invented',
  /** Seen with another content than it was sent with. */
  'corrupted',
  /** Accepted and refused. */
  'contradicted',
] as const;

export type FindingKind = (typeof findingKinds)[number];

export interface Finding {
  readonly kind: FindingKind;
  /** The device that saw it, or to which it is owed; the sender where no receiver is concerned. */
  readonly device: DeviceId;
  readonly from: DeviceId;
  readonly seq: number;
  readonly detail: string;
}

export interface Counts {
  readonly submitted: number;
  readonly accepted: number;
  readonly refused: number;
  /** Deliveries: a message for three devices counts three times. */
  readonly delivered: number;
  readonly undecided: number;
}

export type Verdict = { readonly [K in FindingKind]: Finding[] } & { readonly counts: Counts };

export const emptyVerdict = (counts: Counts): Verdict => ({
  counts,
  lost: [],
  doubled: [],
  reordered: [],
  wrongly_refused: [],
  leaked: [],
  invented: [],
  corrupted: [],
  contradicted: [],
});

/** Nothing is wrong and every message has its answer. */
export const isClean = (verdict: Verdict): boolean =>
  verdict.counts.undecided === 0 && findingKinds.every(kind => verdict[kind].length === 0);

/** One line per kind of finding with its first few cases, for people and for a failing test. */
export function describeVerdict(verdict: Verdict, casesPerKind = 5): string {
  const { submitted, accepted, refused, delivered, undecided } = verdict.counts;
  const lines = [
    `${submitted} submitted, ${accepted} accepted, ${refused} refused, ${undecided} without an answer, ${delivered} deliveries`,
  ];
  for (const kind of findingKinds) {
    const findings = verdict[kind];
    if (findings.length === 0) continue;
    const cases = findings
      .slice(0, casesPerKind)
      .map(
        ({ device, from, seq, detail }) => `${from}/${seq} at ${device}${detail && ` (${detail})`}`,
      );
    lines.push(
      `${findings.length} ${kind}: ${cases.join(', ')}${findings.length > casesPerKind ? ' …' : ''}`,
    );
  }
  return lines.join('\n');
}
