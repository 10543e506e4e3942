/** The runtime's public entry point: processes, signals, names, timers, gen-server, sys, reports. */
export * as code from './code/code.ts';
export * as genServer from './gen-server.ts';
export * as genStatem from './gen-statem/gen-statem.ts';
export * as genEvent from './gen-event/gen-event.ts';
export type {
  EventCallResult,
  EventInitResult,
  EventResult,
  EventTermination,
  GenEvent,
  GenEventExitMessage,
  Handler,
} from './gen-event/types.ts';
export * as logger from './logger/logger.ts';
export * as registry from './registry/registry.ts';
export type { RegistryMessage } from './registry/registry.ts';
export { glanceAtKeys, keysOf, lookAtRegistries } from './registry/look.ts';
export type { KeyGlance, RegistryLook } from './registry/look.ts';
export * as sys from './sys/sys.ts';
export { now as monotonicTime, setClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { runOutside, self, selfOrUndefined, signal } from './context.ts';
export { failedIn, setCrashKeeper, stepUnderWay } from './crash-keeper.ts';
export type { CrashKeeper, KeptAnswer, KeptCrash, Snapshot } from './crash-keeper.ts';
export { describeReason, Exit, isOrderly, reasonOf } from './exit.ts';
export type { ErrorExit, ExitReason } from './exit.ts';
export { enterLoop } from './gen-server/enter-loop.ts';
export type { EnterLoopOptions } from './gen-server/enter-loop.ts';
export {
  call,
  cast,
  reply,
  start,
  startLink,
  startMonitor,
  stop,
} from './gen-server/gen-server.ts';
export type { StartOptions } from './proc-lib.ts';
export type { From } from './gen-server/from.ts';
export type {
  After,
  AnyRequest,
  CallResult,
  CastResult,
  GenServer,
  InitResult,
  ReplyOf,
  Request,
  RequestOfKind,
  StartMonitorResult,
  StartResult,
  SystemInfoMessage,
} from './gen-server/types.ts';
export * as procLib from './init-ack.ts';
export { setIsolateCodec } from './isolates/codec.ts';
export type { IsolateCodec } from './isolates/codec.ts';
export { monitorIsolates } from './isolates/isolate-monitors.ts';
export type { IsolateMessage } from './isolates/isolate-monitors.ts';
export { connectedIsolates } from './isolates/outbox.ts';
export type { IsolatePort } from './isolates/outbox.ts';
export { connectIsolate, disconnectIsolate } from './isolates/peers.ts';
export { knownLong } from './known-long.ts';
export { demonitor, exit, link, monitor, trapExit, unlink } from './links.ts';
export { log, setLogger } from './logger.ts';
export type { LogSink } from './logger.ts';
export type { LogEvent } from './logger/event.ts';
export type { LogLevel } from './logger/levels.ts';
export type { DownMessage, ExitMessage, TimeoutMessage } from './messages.ts';
export { register, unregister, whereis } from './names.ts';
export { isolateOf, isPid, joinAs, thisIsolate } from './pid.ts';
export type { MonitorRef, Name, Pid } from './pid.ts';
export { isAlive, processInfo } from './process-info.ts';
export type { ProcessInfo } from './process-info.ts';
export {
  glanceAt,
  glanceAtAll,
  glanceAtLinks,
  glanceAtNamed,
  lookAtProcess,
} from './process-look.ts';
export type { Beginning, ProcessGlance, ProcessLook } from './process-look.ts';
export { processCounts, processes, registered } from './process-table.ts';
export type { CrashReport, ProgressReport, Report, SupervisorReport } from './reports.ts';
export { abcast, multiCall } from './gen-server/multi-call.ts';
export type { MultiCallResult } from './gen-server/multi-call.ts';
export type { RequestId, Response, ResponseMessage } from './gen-server/pending-request.ts';
export { reqidsAdd, reqidsNew, reqidsSize, reqidsToList } from './gen-server/request-ids.ts';
export type { RequestIdCollection } from './gen-server/request-ids.ts';
export { checkResponse, receiveResponse, waitResponse } from './gen-server/responses.ts';
export type { CollectedResponse, ResponseTimeout } from './gen-server/responses.ts';
export { sendRequest } from './gen-server/send-request.ts';
export { offer, send } from './send.ts';
export { at, serverName } from './server-ref.ts';
export type {
  Dest,
  RemoteName,
  ServerName,
  ServerPid,
  ServerRef,
  StartName,
  ViaName,
} from './server-ref.ts';
export { spawn, spawnLink, spawnMonitor } from './spawn.ts';
export type { MessageHandler, SpawnOptions } from './spawn.ts';
export { cancelTimer, readTimer, sendAfter } from './timers.ts';
export type { TimerRef } from './timers.ts';
export { via, viaRegistry } from './via.ts';
export type { ViaModule } from './via-name.ts';
export { turnTimes } from './turn-times.ts';
export type { TurnTime } from './turn-times.ts';
export { watchTurns } from './turn-watch.ts';
