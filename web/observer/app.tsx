import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { openSession, pauseWhileHidden, type Session } from './api/session.ts';
import { forgetToken, keepToken, tokenAtStart } from './api/token.ts';
import { Door } from './door.tsx';
import { Frame } from './frame.tsx';
import { SessionContext } from './hooks/use-session.ts';

/** The door until a token is there that the server takes, then the frame with its views. */
export function App() {
  const [token, setToken] = useState(tokenAtStart);
  const [refused, setRefused] = useState(false);
  const session = useMemo(() => (token === undefined ? undefined : openSession(token)), [token]);

  if (session === undefined) {
    return (
      <Door
        refused={refused}
        onToken={given => {
          keepToken(given);
          setRefused(false);
          setToken(given);
        }}
      />
    );
  }
  const onRefused = (): void => {
    forgetToken();
    setRefused(true);
    setToken(undefined);
  };
  return <Inside key={token} session={session} onRefused={onRefused} />;
}

interface InsideProps {
  readonly session: Session;
  readonly onRefused: () => void;
}

function Inside({ session, onRefused }: InsideProps) {
  const link = useSyncExternalStore(session.api.link.subscribe, session.api.link.read);
  useEffect(() => pauseWhileHidden(session.poller), [session]);
  useEffect(() => {
    if (link === 'refused') onRefused();
  }, [link, onRefused]);
  return (
    <SessionContext.Provider value={session}>
      <Frame link={link} />
    </SessionContext.Provider>
  );
}
