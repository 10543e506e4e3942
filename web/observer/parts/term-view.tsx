import type { Asked, Term } from '../../../protocol/observer.ts';
import { plural } from '../../model/format.ts';

/** How deep a term is open at first. */
const OPEN_DEPTH = 1;

interface TermViewProps {
  readonly term: Term;
  readonly label: string;
  /** Whether its parts are seen at first; else it is one line. */
  readonly open?: boolean;
}

/** A value of the server, to be opened part by part. */
export function TermView({ term, label, open = true }: TermViewProps) {
  return (
    <div className="term" role="group" aria-label={label}>
      <Part name={undefined} term={term} depth={open ? 0 : OPEN_DEPTH} />
    </div>
  );
}

/** A value that may not be told, with the reason. */
export function AskedTerm({
  asked,
  label,
}: {
  readonly asked: Asked<Term>;
  readonly label: string;
}) {
  return 'unavailable' in asked ? (
    <p className="hint">{asked.unavailable}</p>
  ) : (
    <TermView term={asked.value} label={label} />
  );
}

interface PartProps {
  readonly name: string | undefined;
  readonly term: Term;
  readonly depth: number;
}

function Part({ name, term, depth }: PartProps) {
  const line = (
    <>
      {name !== undefined && <span className="key">{name}: </span>}
      {term.text}
    </>
  );
  if (term.parts === undefined || term.parts.length === 0)
    return <div className="leaf">{line}</div>;
  return (
    <details open={depth < OPEN_DEPTH}>
      <summary>{line}</summary>
      {term.parts.map(({ key, value }, index) => (
        // A map may have two keys that look alike.
        <Part key={`${index}/${key}`} name={key} term={value} depth={depth + 1} />
      ))}
      {term.more !== undefined && term.more > 0 && (
        <div className="leaf hint">and {plural(term.more, 'more part')}</div>
      )}
    </details>
  );
}
