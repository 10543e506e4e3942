/**
 * `strowger/server`, as handlers import it: the modules that the server was built with, to extend, and what a handler
 * does things with. docs/handlers.md tells how; what is not here may change from one version to the next.
 */
import { directory } from '../../directory/directory.ts';
import { group } from '../../groups/group.ts';
import { ack } from '../../handlers/ack.ts';
import { login } from '../../handlers/login.ts';
import { ping } from '../../handlers/ping.ts';
import { request } from '../../handlers/request.ts';
import { requestHandlers } from '../../handlers/requests/index.ts';
import { send } from '../../handlers/send.ts';
import { link } from '../../links/link.ts';
import { mailbox } from '../../mailboxes/mailbox.ts';
import { session } from '../../sessions/session.ts';

export type { PacketHandler, RequestHandler } from '../../handlers/contract.ts';
export type { RequestContext } from '../../handlers/requests/context.ts';
export { RequestError } from '../../request-error.ts';
export { enter } from '../../sessions/enter.ts';
export { offer } from '../../sessions/offers.ts';
export { taken } from '../../sessions/receiving.ts';
export { perform } from '../../sessions/requests.ts';
export type { SessionArgument } from '../../sessions/session.ts';
export type { SessionServices, SessionState } from '../../sessions/state.ts';
export { execute, findAccount } from '../../stores/execute.ts';
export { closeWith, say, sayAccepted, sayError, sayWithNext } from './saying.ts';

/** What runs where nothing is loaded over it. Names are those of the files that replace them. */
export const builtin = {
  session,
  mailbox,
  group,
  directory,
  link,
  login,
  send,
  ack,
  request,
  ping,
  requests: requestHandlers,
} as const;
