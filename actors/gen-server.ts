/**
 * `gen_server` under one name, as `genStatem` and `genEvent` have theirs: whoever ports Erlang finds `genServer.call` where it
 * was `gen_server:call`. The same functions stand in index.ts by themselves, for most of a system calls and casts.
 */
export { enterLoop } from './gen-server/enter-loop.ts';
export {
  call,
  cast,
  reply,
  start,
  startLink,
  startMonitor,
  stop,
} from './gen-server/gen-server.ts';
export { abcast, multiCall } from './gen-server/multi-call.ts';
export { reqidsAdd, reqidsNew, reqidsSize, reqidsToList } from './gen-server/request-ids.ts';
export { checkResponse, receiveResponse, waitResponse } from './gen-server/responses.ts';
export { sendRequest } from './gen-server/send-request.ts';
