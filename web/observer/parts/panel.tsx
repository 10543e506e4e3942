import { useId, type ReactNode } from 'react';

interface PanelProps {
  readonly title: string;
  /** Right in the header: a remark, a button. */
  readonly aside?: ReactNode;
  /** Without the inner margin, for what brings its own: a table. */
  readonly bare?: boolean;
  readonly children: ReactNode;
}

/** A titled part of a view, which a screen reader can jump to. */
export function Panel({ title, aside, bare = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <span className="hint">{aside}</span>}
      </header>
      {bare ? children : <div className="inside">{children}</div>}
    </section>
  );
}
