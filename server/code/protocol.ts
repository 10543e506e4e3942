/** What is said between the coordinator of code, in the main thread, and the loaders, one in each isolate. */
import { at, serverName, type RemoteName, type Request } from '../../actors/index.ts';
import type { Refused } from '../isolates/protocol.ts';
import type { HandlerFile } from './handler-files.ts';
import type { Listing, ModuleRow } from './listing.ts';

/** Modules to be loaded together, with the files that they are made of. Plain data. */
export interface Load {
  /** Tells loads apart: counted by the coordinator. */
  readonly id: number;
  readonly files: readonly HandlerFile[];
  /** Without a path: back to the built-in one. */
  readonly modules: readonly { readonly name: string; readonly path: string | undefined }[];
}

/** A change that is prepared in every isolate before it is made in any. */
export type Step =
  /** What was checked under this id; with a share (0 to 1) for so many users only. */
  { readonly kind: 'load'; readonly id: number; readonly share: number | undefined } | Move;

/** From versions that are loaded to others that are: the canary's, the old one's, or, where there is neither, the built-in one's. */
export interface Move {
  readonly kind: 'promote' | 'revert' | 'built_in';
  readonly names: readonly string[];
  /** What is current by it and has still to prove itself. */
  readonly onProbation: readonly Probation[];
}

/** Modules whose version of this load is on probation. */
export interface Probation {
  readonly load: number;
  readonly names: readonly string[];
}

export type LoaderCall =
  /** Compiles and tries the modules that run in this isolate. Nothing is changed by it. */
  | Request<'check', { readonly load: Load }, 'ok' | Refused>
  /** Suspends who runs the modules and changes them; they stay suspended until `commit` or `cancel`. */
  | Request<'prepare', { readonly step: Step }, 'ok' | Refused>
  | Request<'commit', object, 'ok'>
  /** Forgets what was checked, and puts back what was prepared. */
  | Request<'cancel', object, 'ok'>
  /** Ends who lingers in old code; `soft`: only where nobody does. Answers which modules were (or, soft, could not be) cleared. */
  | Request<
      'purge',
      { readonly names: readonly string[]; readonly soft: boolean },
      readonly string[]
    >
  | Request<'list', object, readonly ModuleRow[]>;

export const loaderName = serverName<LoaderCall>('code_loader');

/** What was loaded, changed or found to be the same. */
export interface Changed {
  readonly modules: readonly string[];
  readonly unchanged: readonly string[];
  readonly isolates: readonly number[];
}

export type CodeCall =
  /**
   * Loads a directory's modules in every isolate or in none.
   * @param directory absolute; undefined: the one that was named last and not taken back, else that of the settings
   * @param share as a canary, for this share of the users (0 to 1)
   */
  | Request<
      'load',
      { readonly directory: string | undefined; readonly share: number | undefined },
      Changed | Refused
    >
  /** Loads the directory of the settings again: a signal came, or a file was saved. */
  | Request<'reload', object, Changed | Refused>
  /** The canary becomes current. */
  | Request<'promote', { readonly names: readonly string[] }, Changed | Refused>
  /** Back to the version before, or without the canary. Without names: the canary, else what was loaded last. */
  | Request<'revert', { readonly names: readonly string[] }, Changed | Refused>
  | Request<
      'purge',
      { readonly names: readonly string[]; readonly soft: boolean },
      { readonly purged: readonly string[]; readonly lingering: readonly string[] } | Refused
    >
  | Request<'list', object, Listing>
  /**
   * From a loader that starts, again and again: what is in force, to be loaded in this order before anything else starts
   * there; undefined when it has all of it, so that it is asked from now on.
   * @param isNew it has nothing yet
   */
  | Request<'join', { readonly isolate: number; readonly isNew: boolean }, InForce | undefined>;

export interface InForce {
  readonly layers: readonly Layer[];
  /** Modules that have an old version; all others have none anywhere. */
  readonly withOld: readonly string[];
}

/** A load that is in force, or was before, and for which share of the users when it is the canary. */
export interface Layer {
  readonly slot: 'old' | 'current' | 'canary';
  readonly load: Load;
  readonly share: number | undefined;
}

export type CodeCast =
  | Crashed
  | TakenBack
  /** From the owner of an isolate's thread, before it is started anew. */
  | IsolateDied
  /** From a loader: what is in force elsewhere cannot be loaded there. */
  | {
      readonly kind: 'cannot_load';
      readonly isolate: number;
      readonly names: readonly string[];
      readonly message: string;
    };

/** From a loader: it has taken a load back in its isolate at once, because that crashed too often there. */
export interface TakenBack {
  readonly kind: 'taken_back';
  readonly load: number;
  readonly isolate: number;
}

/** A process has crashed that ran, or was just using, a version of the module. */
export interface Crashed {
  readonly kind: 'crashed';
  readonly name: string;
  readonly slot: 'current' | 'old' | 'canary';
  /** The load that the version came with; undefined for a built-in one. */
  readonly load: number | undefined;
  readonly isolate: number;
  readonly reason: string;
}

export interface IsolateDied {
  readonly kind: 'isolate_died';
  readonly isolate: number;
  /** Whose turn it was, 0 when nobody's. */
  readonly heldBy: number;
  readonly reason: string;
}

export const codeName = serverName<CodeCall, CodeCast>('code');

/** The main thread's. */
const MAIN = 0;

export const coordinator: RemoteName<CodeCall, CodeCast> = at(codeName, MAIN);

export const isRefused = (answer: object | string | undefined): answer is Refused =>
  typeof answer === 'object' && 'message' in answer && 'code' in answer;
