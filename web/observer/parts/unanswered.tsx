/** Says whose part of a list is missing. */
export function Unanswered({
  of,
  what,
}: {
  readonly of: readonly number[];
  readonly what: 'Isolate' | 'Shard';
}) {
  if (of.length === 0) return null;
  return (
    <p className="banner note" role="status">
      {what} {of.join(', ')} did not answer in time: what is there is not shown.
    </p>
  );
}
