/** Applications that are known by name, and their environments. See `application_controller.erl`. */
import type { Eventually, StartResult } from '../actors/gen-server/types.ts';
import type { Name } from '../actors/pid.ts';

export interface StartPhase {
  readonly name: string;
  /** Anything but a throw or `['error', reason]` is success. */
  run(): Eventually<unknown>;
}

export type Environment = Readonly<Record<string, unknown>>;

export interface ApplicationSpec {
  readonly name: Name;
  /** Starts the top supervisor, linked to the caller. */
  start(): StartResult | Promise<StartResult>;
  /** Run in order once the whole tree is up; a failing one ends the application again. */
  readonly startPhases?: readonly StartPhase[];
  /** Applications that must have been started before. */
  readonly applications?: readonly Name[];
  /** Runs before the tree is ended by `stop`. */
  prepStop?(): Eventually<void>;
  /** Runs after the tree has ended, however it did. */
  stop?(): Eventually<void>;
  /** Runs after `changeConfig` has changed something of its environment while it runs. */
  configChange?(changed: Environment, added: Environment, removed: readonly string[]): void;
  /** What the environment is when it is loaded. */
  readonly env?: Environment;
}

interface Loaded {
  readonly spec: ApplicationSpec;
  readonly env: Map<string, unknown>;
}

const loaded = new Map<Name, Loaded>();

/** What a start phase has to look like. */
export const PHASE_FORM = 'start phases are a list of { name, run() }';

/** The first start phase of a shape that cannot be run, or the list itself. */
export function badPhase({ startPhases = [] }: ApplicationSpec): readonly [unknown] | undefined {
  const phases: unknown = startPhases;
  if (!Array.isArray(phases)) return [phases];
  const bad = phases.findIndex(phase => !isPhase(phase));
  return bad === -1 ? undefined : [phases[bad]];
}

function isPhase(phase: unknown): boolean {
  if (typeof phase !== 'object' || phase === null) return false;
  const { name, run } = phase as Partial<StartPhase>;
  return typeof name === 'string' && typeof run === 'function';
}

/** Whether it is a specification, or the name of one: the types promise it, JavaScript does not. */
export function isApplication(app: unknown): boolean {
  return typeof app === 'string' || isSpec(app);
}

function isSpec(app: unknown): boolean {
  if (typeof app !== 'object' || app === null) return false;
  const { name, start } = app as Partial<ApplicationSpec>;
  return typeof name === 'string' && typeof start === 'function';
}

/**
 * Makes an application known, so that it can be started by name. Errors:
 * `['already_loaded', name]`, `['bad_application', spec]`.
 */
export function load(spec: ApplicationSpec): 'ok' | readonly ['error', unknown] {
  if (!isSpec(spec)) return ['error', ['bad_application', spec]];
  if (loaded.has(spec.name)) return ['error', ['already_loaded', spec.name]];
  loaded.set(spec.name, { spec, env: new Map(Object.entries(spec.env ?? {})) });
  return 'ok';
}

/** The specification behind a name; one that is handed over takes the place of another. */
export function loadedSpec(app: ApplicationSpec | Name): ApplicationSpec | undefined {
  if (typeof app === 'string') return loaded.get(app)?.spec;
  if (loaded.get(app.name)?.spec !== app) {
    loaded.delete(app.name);
    load(app);
  }
  return app;
}

export function forget(name: Name): boolean {
  return loaded.delete(name);
}

/** Every application that is loaded, running or not, in the order in which it was. */
export function loadedApplications(): Name[] {
  return [...loaded.keys()];
}

/** A value of a loaded application's environment, else the default. */
export function getEnv(name: Name, key: string, fallback?: unknown): unknown {
  const env = loaded.get(name)?.env;
  return env?.has(key) === true ? env.get(key) : fallback;
}

/** The whole environment of a loaded application; empty when it is not loaded. */
export function getAllEnv(name: Name): Environment {
  return Object.fromEntries(loaded.get(name)?.env ?? []);
}

/** Sets a value. @throws RangeError for an application that is not loaded */
export function setEnv(name: Name, key: string, value: unknown): void {
  envOf('setEnv()', name).set(key, value);
}

/** Removes a value. @throws RangeError for an application that is not loaded */
export function unsetEnv(name: Name, key: string): void {
  envOf('unsetEnv()', name).delete(key);
}

function envOf(what: string, name: Name): Map<string, unknown> {
  const application = loaded.get(name);
  if (application !== undefined) return application.env;
  throw new RangeError(`${what}: no application "${name}" is loaded; load() or start() it first`);
}

/** Puts a new environment in place. @returns what `configChange` is told, undefined for no change */
export function replaceEnv(
  name: Name,
  next: Environment,
): readonly [changed: Environment, added: Environment, removed: readonly string[]] | undefined {
  const env = envOf('changeConfig()', name);
  const entries = Object.entries(next);
  const changed = entries.filter(([key, value]) => env.has(key) && env.get(key) !== value);
  const added = entries.filter(([key]) => !env.has(key));
  const removed = [...env.keys()].filter(key => !(key in next));
  for (const key of removed) env.delete(key);
  for (const [key, value] of entries) env.set(key, value);
  if (changed.length + added.length + removed.length === 0) return undefined;
  return [Object.fromEntries(changed), Object.fromEntries(added), removed];
}
