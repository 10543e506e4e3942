/** The one typed, frozen configuration that the server runs with. */
import { join } from 'node:path';
import { limits } from '../../protocol/limits.ts';
import { ConfigError } from './config-error.ts';
import { defaultShards } from './isolate-count.ts';
import { defaultRegistration, isLoopback } from './loopback.ts';
import type { Option } from './option.ts';
import type { OptionName, Options } from './options.ts';

/** Options without a default of their own: what holds then is decided here. */
export type UndecidedOption =
  | 'tls.key'
  | 'tls.certificate'
  | 'acme.email'
  | 'acme.http_host'
  | 'handlers'
  | 'crashes'
  | 'registration'
  | 'admin.token_file'
  | 'observer'
  | 'shards';

type ValueOf<N extends OptionName> = Options[N] extends Option<infer T> ? T : never;

/** The values of all options, checked one by one. */
export type OptionValues = {
  readonly [N in OptionName]: N extends UndecidedOption ? ValueOf<N> | undefined : ValueOf<N>;
};

/** The same, with what follows from other options filled in. */
export type DecidedValues = OptionValues & {
  readonly [
    N in 'registration' | 'admin.token_file' | 'observer' | 'shards' | 'acme.http_host'
  ]: ValueOf<N>;
};

/** The protocol's limits as this server applies them, and the server's own. */
export type ServerLimits = { readonly [K in keyof typeof limits]: number } & {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly registrationsPerAddressPerHour: number;
  readonly loginsPerAddressPerMinute: number;
  readonly loginsPerAccountPerMinute: number;
};

export interface Config {
  /** Absolute. */
  readonly dataDirectory: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM files; they may be replaced while the server runs. */
  readonly tls: { readonly keyFile: string; readonly certificateFile: string } | undefined;
  /** Where the files of `tls` come from, when the server gets them by itself. */
  readonly acme:
    | {
        readonly domains: readonly string[];
        readonly email: string | undefined;
        readonly directory: string;
        readonly http: { readonly host: string; readonly port: number };
      }
    | undefined;
  /** Absolute; undefined: only what is built in. */
  readonly handlers: string | undefined;
  /** Whether they are loaded again when a file is saved. */
  readonly watch: boolean;
  readonly code: {
    readonly probationMs: number;
    readonly canaryMs: number;
    readonly crashes: number;
  };
  /** Absolute; undefined: they are not kept. */
  readonly crashes: string | undefined;
  readonly registration: 'open' | 'invite' | 'closed';
  readonly isolates: {
    /** 0: everything in one thread. */
    readonly count: number;
    readonly heartbeatMs: number;
    readonly heapMb: number;
  };
  /** Of a data directory that is made now. */
  readonly shards: number;
  /** Addresses and networks (CIDR). */
  readonly trustedProxies: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'notice' | 'warning' | 'error';
  readonly adminTokenFile: string;
  /** Whether there is a live observer. */
  readonly observer: boolean;
  readonly retry: { readonly afterMs: number; readonly jitterMs: number };
  readonly drainTimeoutMs: number;
  readonly sessionRestarts: { readonly intensity: number; readonly periodMs: number };
  readonly limits: ServerLimits;
}

/** Fills in what follows from other options. */
export function decide(values: OptionValues): DecidedValues {
  return {
    ...values,
    registration: values.registration ?? defaultRegistration(values.host),
    'admin.token_file': values['admin.token_file'] ?? join(values.data, 'admin-token'),
    observer: values.observer ?? isLoopback(values.host),
    shards: values.shards ?? defaultShards(values['isolates.count']),
    'acme.http_host': values['acme.http_host'] ?? values.host,
  };
}

/** Puts checked values together. Throws ConfigError when they do not fit each other. */
export function buildConfig(values: DecidedValues): Config {
  return freeze({
    dataDirectory: values.data,
    host: values.host,
    port: values.port,
    ...certificate(values),
    ...handlers(values),
    crashes: values.crashes,
    registration: values.registration,
    isolates: {
      count: values['isolates.count'],
      heartbeatMs: values['isolates.heartbeat_ms'],
      heapMb: values['isolates.heap_mb'],
    },
    shards: values.shards,
    trustedProxies: [...values.trusted_proxies],
    logLevel: values['log.level'],
    adminTokenFile: values['admin.token_file'],
    observer: values.observer,
    retry: { afterMs: values['retry.after_ms'], jitterMs: values['retry.jitter_ms'] },
    drainTimeoutMs: values['drain.timeout_ms'],
    sessionRestarts: {
      intensity: values['sessions.restarts'],
      periodMs: values['sessions.period_ms'],
    },
    limits: {
      ...limits,
      connections: values['limits.connections'],
      connectionsPerAddress: values['limits.connections_per_address'],
      registrationsPerAddressPerHour: values['limits.registrations_per_address_per_hour'],
      loginsPerAddressPerMinute: values['limits.logins_per_address_per_minute'],
      loginsPerAccountPerMinute: values['limits.logins_per_account_per_minute'],
      unacceptedSends: values['limits.unaccepted_sends'],
      unackedRows: values['limits.unacked_rows'],
      unackedBytes: values['limits.unacked_bytes'],
      openRequests: values['limits.open_requests'],
      devicesPerUser: values['limits.devices_per_user'],
      membersPerGroup: values['limits.members_per_group'],
      mailboxMessages: values['limits.mailbox_messages'],
      mailboxBytes: values['limits.mailbox_bytes'],
      messageLifeMs: values['limits.message_life_ms'],
      socketBackpressureBytes: values['limits.socket_backpressure_bytes'],
      idleTimeoutMs: values['limits.idle_timeout_ms'],
      loginTimeoutMs: values['limits.login_timeout_ms'],
      errorsPerMinute: values['limits.errors_per_minute'],
    },
  });
}

function handlers(values: DecidedValues): Pick<Config, 'handlers' | 'watch' | 'code'> {
  if (values.watch && values.handlers === undefined)
    throw new ConfigError('watch is given without handlers: name the directory to watch.');
  return {
    handlers: values.handlers,
    watch: values.watch,
    code: {
      probationMs: values['code.probation_ms'],
      canaryMs: values['code.canary_ms'],
      crashes: values['code.crashes'],
    },
  };
}

/** The files of an own certificate, or where ACME puts its; undefined without TLS. */
function certificate(values: DecidedValues): Pick<Config, 'tls' | 'acme'> {
  const { 'tls.key': keyFile, 'tls.certificate': certificateFile } = values;
  const domains = values['acme.domains'];
  if (domains.length === 0) return { tls: ownFiles(keyFile, certificateFile), acme: undefined };
  if (keyFile !== undefined || certificateFile !== undefined) {
    throw new ConfigError(
      'acme.domains is given beside tls.key and tls.certificate: use an own certificate, or have one made.',
    );
  }
  if (!values['acme.agree']) {
    throw new ConfigError(
      `acme.domains needs acme.agree = true: read the terms of service of ${new URL(values['acme.directory']).host} first.`,
    );
  }
  return {
    tls: acmeFiles(values.data),
    acme: {
      domains: [...domains],
      email: values['acme.email'],
      directory: values['acme.directory'],
      http: { host: values['acme.http_host'], port: values['acme.http_port'] },
    },
  };
}

const acmeFiles = (dataDirectory: string): Config['tls'] => ({
  keyFile: join(dataDirectory, 'acme', 'key.pem'),
  certificateFile: join(dataDirectory, 'acme', 'certificate.pem'),
});

function ownFiles(keyFile: string | undefined, certificateFile: string | undefined): Config['tls'] {
  if (keyFile !== undefined && certificateFile !== undefined) return { keyFile, certificateFile };
  if (keyFile === undefined && certificateFile === undefined) return undefined;
  const [given, missing] =
    keyFile === undefined ? ['tls.certificate', 'tls.key'] : ['tls.key', 'tls.certificate'];
  throw new ConfigError(`${given} is given without ${missing}: TLS needs both.`);
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) freeze(part as object);
  }
  return Object.freeze(value);
}
