import { useState } from 'react';
import { Panel } from './parts/panel.tsx';

interface DoorProps {
  /** Whether a token was shown that the server did not take. */
  readonly refused: boolean;
  readonly onToken: (token: string) => void;
}

/** Asks for the admin token, and says where it is. */
export function Door({ refused, onToken }: DoorProps) {
  const [token, setToken] = useState('');
  return (
    <main className="door">
      <h1 className="unseen">Strowger observer</h1>
      <Panel title="Who is there?">
        <form
          className="stack"
          onSubmit={event => {
            event.preventDefault();
            onToken(token.trim());
          }}
        >
          {refused && (
            <p className="banner" role="alert">
              The server did not take this token. It may have a new one: look again.
            </p>
          )}
          <label className="stack">
            Admin token
            <input
              type="password"
              autoComplete="off"
              autoFocus
              required
              value={token}
              onChange={event => setToken(event.target.value)}
            />
          </label>
          <p className="hint">
            It is in the file <code>admin-token</code> in the server’s data directory. On the
            server’s machine <code>strowger observe --url</code> prints a link that has it already.
            This tab keeps it until it is closed.
          </p>
          <div className="bar">
            <button type="submit" className="main">
              Open the observer
            </button>
          </div>
        </form>
      </Panel>
    </main>
  );
}
