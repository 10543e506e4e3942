import type { ReactNode } from 'react';

interface HeadingProps {
  readonly title: string;
  /** Beside the title: what it is about. */
  readonly about?: ReactNode;
  /** At the right: buttons. */
  readonly actions?: ReactNode;
}

/** The first line of a view. */
export function Heading({ title, about, actions }: HeadingProps) {
  return (
    <div className="heading">
      {/* Takes the focus when the link that led here has gone with its view. */}
      <h1 tabIndex={-1}>{title}</h1>
      {about !== undefined && <span className="crumb">{about}</span>}
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  );
}
