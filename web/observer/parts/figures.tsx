import type { ReactNode } from 'react';

type Entries = readonly (readonly [label: string, value: ReactNode])[];

/** A row of large figures. */
export function Figures({ entries }: { readonly entries: Entries }) {
  return (
    <dl className="figures">
      {entries.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What a thing is, line by line. */
export function Pairs({ entries }: { readonly entries: Entries }) {
  return (
    <dl className="pairs">
      {entries.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
