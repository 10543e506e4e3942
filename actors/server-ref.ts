/**
 * Where a message can go: a pid, a name in this isolate, a name in a certain isolate, a name that
 * another module keeps; typed or not.
 */
import type { AnyRequest } from './gen-server/types.ts';
import { badArgument } from './bad-argument.ts';
import { isRemoteName, noDest } from './dest.ts';
import { checkIsolate, isolateOf, isPid, thisIsolate } from './pid.ts';
import type { Name, Pid } from './pid.ts';
import { isVia, pidVia } from './via-name.ts';
import type { Via } from './via-name.ts';

declare const serverType: unique symbol;

interface Understands<Call, Cast> {
  readonly [serverType]: { readonly call: Call; readonly cast: Cast };
}

/** A remote name is made as plain data: what it tells of the server is not there at run time. */
interface MayUnderstand<Call, Cast> {
  readonly [serverType]?: { readonly call: Call; readonly cast: Cast };
}

interface NameElsewhere {
  readonly name: Name;
  readonly isolate: number;
}

/** A pid or name of a server that is known to understand these calls and casts. */
export type ServerPid<Call, Cast> = Pid & Understands<Call, Cast>;
export type ServerName<Call, Cast> = Name & Understands<Call, Cast>;

/**
 * Erlang's `{Name, Node}`: a registered name in another isolate, or in this one. Plain data: it may
 * be sent. Without type arguments nothing is known of the server.
 */
export type RemoteName<Call = unknown, Cast = unknown> = NameElsewhere &
  (unknown extends Call ? unknown : MayUnderstand<Call, Cast>);

/**
 * Erlang's `{via, Module, Name}`: a name that the module keeps. It stands wherever a name can, in
 * the isolate in which it was made. Without type arguments nothing is known of the server.
 */
export type ViaName<Call = unknown, Cast = unknown> = Via &
  (unknown extends Call ? unknown : MayUnderstand<Call, Cast>);

/** What a process can be started under. */
export type StartName = Name | ViaName;

/** Where a message goes; what a server understands is in {@link ServerRef}. */
export type Dest = Pid | Name | RemoteName | ViaName;

export type TypedServer<Call, Cast> =
  | ServerPid<Call, Cast>
  | ServerName<Call, Cast>
  | ((NameElsewhere | Via) & MayUnderstand<Call, Cast>);

/** A server of which nothing is known: its replies are `unknown`. */
export type UntypedServer = (Pid | Name | NameElsewhere | Via) & { readonly [serverType]?: never };

export type ServerRef<Call = never, Cast = never> = TypedServer<Call, Cast> | UntypedServer;

/** A registered name with the types of the server behind it. */
export function serverName<Call extends AnyRequest, Cast = never>(
  name: string,
): ServerName<Call, Cast> {
  return name as ServerName<Call, Cast>;
}

/** The name in that isolate, with the types of the server behind it where the name has them. */
export function at<Call, Cast>(
  name: ServerName<Call, Cast>,
  isolate: number,
): RemoteName<Call, Cast>;
export function at(name: Name, isolate: number): RemoteName;
export function at(name: Name, isolate: number): RemoteName {
  if (isVia(name)) {
    throw new TypeError(
      'at() expects a registered name: a via name is known only in its own isolate, so ask a ' +
        'process there for the pid, or give the server a registered name',
    );
  }
  if (typeof name !== 'string' || name === '') {
    throw badArgument('at()', 'a registered name that is not empty', name);
  }
  checkIsolate('at()', isolate);
  return { name, isolate };
}

/**
 * The isolate in which the process is to be found.
 * @throws TypeError for what is no place to send to, as Erlang's badarg
 */
export function isolateAt(dest: Dest): number {
  if (isPid(dest)) return isolateOf(dest);
  if (typeof dest === 'string') return thisIsolate();
  if (isRemoteName(dest)) return dest.isolate;
  if (!isVia(dest)) throw noDest(dest);
  const pid = pidVia(dest);
  return pid === undefined ? thisIsolate() : isolateOf(pid);
}
