import { useState } from 'react';
import type { DoneAnswer, ObservedPid, ProcessAction } from '../../../protocol/observer.ts';
import { actionAt, type ActionBodies } from '../api/addresses.ts';
import { useSession } from './use-session.ts';

export interface Acting {
  /** What came of the last action, in a sentence; empty before the first. */
  readonly outcome: string;
  readonly failed: boolean;
  readonly busy: boolean;
  /** Does it, and says `done` when it is done. */
  readonly act: <Action extends ProcessAction>(
    action: Action,
    body: ActionBodies[Action],
    done: string,
  ) => void;
}

/** Actions on one process. Afterwards all that is seen is asked for at once, so that the effect shows. */
export function useAct(pid: ObservedPid): Acting {
  const { api, poller } = useSession();
  const [state, setState] = useState({ outcome: '', failed: false, busy: false });
  const act: Acting['act'] = (action, body, done) => {
    setState({ outcome: '', failed: false, busy: true });
    api.post<DoneAnswer>(actionAt(pid, action), body).then(
      () => {
        setState({ outcome: done, failed: false, busy: false });
        poller.refresh();
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        setState({ outcome: message, failed: true, busy: false });
      },
    );
  };
  return { ...state, act };
}
