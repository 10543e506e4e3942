/** What a worker is started with, and what it and the main thread say beside the signals. All of it is plain data. */
import type { MessagePort } from 'node:worker_threads';
import type { Config } from '../config/config.ts';

/** Raised when what isolates say to each other changes: an upgrade to another version needs a restart. */
export const ISOLATE_PROTOCOL = 2;

export interface IsolateSettings {
  readonly config: Config;
  readonly shards: number;
  readonly ticketSecret: Uint8Array;
  /** The program's version, for what is kept of it. */
  readonly version: string;
}

/** What is known when the thread is made, which may be long before it is needed. */
export interface WorkerData extends IsolateSettings {
  /** Tells the program that it is to be an isolate. */
  readonly strowger: 'isolate';
  readonly protocol: number;
  readonly heartbeat: SharedArrayBuffer;
}

/** From the main thread. */
export type ToWorker =
  /** The first one: it is this isolate from now on. */
  | Begin
  | { readonly kind: 'connect'; readonly isolate: number; readonly port: MessagePort }
  | { readonly kind: 'disconnect'; readonly isolate: number }
  | { readonly kind: 'release_log' }
  /** Ends its tree in order. */
  | { readonly kind: 'stop' };

export interface Begin {
  readonly kind: 'begin';
  readonly isolate: number;
  readonly creation: number;
  /** To the isolates that are there already, the main thread among them. */
  readonly ports: readonly (readonly [isolate: number, port: MessagePort])[];
  /** Reports wait until `release_log`: see StartLog. */
  readonly holdLog: boolean;
}

/** From the worker. */
export type FromWorker =
  /** Its tree is up. */
  { readonly kind: 'up' } | { readonly kind: 'refused'; readonly message: string };
