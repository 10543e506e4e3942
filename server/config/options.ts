/**
 * Every option of the server, once: its name, what it takes, its default and what it is for.
 *
 * The name is the path in the TOML file (`limits.mailbox_messages` is `mailbox_messages` in `[limits]`). The
 * environment variable and the flag follow from it, see `naming.ts`; docs/operations.md has the table.
 */
import { limits } from '../../protocol/limits.ts';
import { defaultIsolates, MOST_ISOLATES } from './isolate-count.ts';
import { choice, flag, hostNames, integer, networks, path, text, webAddress } from './option.ts';

const MINUTE_MS = 60_000;

/** A limit of the protocol that a host may lower: the default is also the upper bound. */
const lowered = (key: keyof typeof limits, min: number, doc: string, unit?: string) =>
  integer(min, limits[key], {
    default: limits[key],
    doc,
    ...(unit === undefined ? {} : { unit }),
  });

export const options = {
  data: path({
    default: 'data',
    doc: 'The data directory: everything the server keeps is in it. It is made when it is missing.',
  }),
  host: text({
    default: '127.0.0.1',
    doc: 'The address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for every IPv4 network, `::` for every network.',
  }),
  port: integer(0, 65_535, {
    default: 8080,
    doc: 'The port for WebSocket and HTTP. 0 takes any free one.',
  }),
  'tls.key': path({
    defaultText: 'none: no TLS',
    doc: 'The private key of the server’s certificate (PEM). Needs `tls.certificate`.',
  }),
  'tls.certificate': path({
    defaultText: 'none: no TLS',
    doc: 'The certificate with its chain (PEM). Needs `tls.key`.',
  }),
  'acme.domains': hostNames({
    default: [],
    defaultText: 'none: no ACME',
    doc: 'The names that the certificate is for, all of which lead to this machine. The server gets and renews it by itself.',
  }),
  'acme.agree': flag({
    default: false,
    doc: 'That you agree to the terms of service of the certificate authority. Needed for `acme.domains`.',
  }),
  'acme.email': text({
    defaultText: 'none',
    doc: 'Where the certificate authority may write to.',
  }),
  'acme.directory': webAddress({
    default: 'https://acme-v02.api.letsencrypt.org/directory',
    doc: 'The certificate authority: its ACME directory.',
  }),
  'acme.http_host': text({
    defaultText: 'that of `host`',
    doc: 'The address on which the certificate authority’s question is answered.',
  }),
  'acme.http_port': integer(0, 65_535, {
    default: 80,
    doc: 'The port for it. The authority asks on port 80: with another one, pass that port on to this.',
  }),
  handlers: path({
    defaultText: 'none: what is built in',
    doc: 'A directory of handlers that replace built-in ones, see docs/handlers.md.',
  }),
  watch: flag({
    default: false,
    doc: 'Whether handlers are loaded again when a file of `handlers` is saved.',
  }),
  'code.probation_ms': integer(1000, 60 * MINUTE_MS, {
    default: MINUTE_MS,
    unit: 'ms',
    doc: 'How long code that was loaded is on probation: if it crashes too often meanwhile, it is taken back.',
  }),
  'code.canary_ms': integer(1000, 24 * 60 * MINUTE_MS, {
    default: 10 * MINUTE_MS,
    unit: 'ms',
    doc: 'How long a canary is compared with what the others have, before everybody gets it.',
  }),
  'code.crashes': integer(1, 1000, {
    default: 3,
    doc: 'How many crashes of new code are too many.',
  }),
  crashes: path({
    defaultText: 'none: crashes are reported, not kept',
    doc: 'A directory in which the message and the state of each crashed step are kept for `strowger replay`. They hold what users wrote, and keeping them takes time from every message.',
  }),
  registration: choice(['open', 'invite', 'closed'], {
    defaultText: '`open` when `host` is a loopback address, else `invite`',
    doc: 'Who may register: everybody, who has an invite code, or nobody.',
  }),
  'isolates.count': integer(0, MOST_ISOLATES, {
    default: defaultIsolates(),
    defaultText: 'one per core less one, at least 1',
    short: 'isolates',
    doc: 'How many worker threads the users and groups are spread over, beside the one with the sockets. 0 runs everything in one thread.',
  }),
  'isolates.heartbeat_ms': integer(100, MINUTE_MS, {
    default: 1000,
    unit: 'ms',
    doc: 'How long an isolate may be silent before it is taken for stuck, ended and started anew.',
  }),
  'isolates.heap_mb': integer(64, 65_536, {
    default: 1024,
    unit: 'MB',
    doc: 'How much an isolate may keep in its JavaScript heap and in buffers. Past it the isolate is ended and started anew.',
  }),
  shards: integer(1, 64, {
    defaultText: 'as many as isolates, at least 1',
    doc: 'How many store files a new data directory gets. It is fixed once the directory is made.',
  }),
  trusted_proxies: networks({
    default: [],
    defaultText: 'none',
    doc: 'Proxies whose `X-Forwarded-For` names the client’s address.',
  }),
  'log.level': choice(['debug', 'info', 'notice', 'warning', 'error'], {
    default: 'notice',
    doc: 'The least severe log lines that are written.',
  }),
  'admin.token_file': path({
    defaultText: '`admin-token` in the data directory',
    doc: 'The file with the admin token; it is made, readable by its owner only, when it is missing.',
  }),
  observer: flag({
    defaultText: '`true` when `host` is a loopback address, else `false`',
    doc: 'Whether the live observer is at `/observer`. Who shows the admin token sees every process there, and may end it.',
  }),
  'retry.after_ms': integer(0, 10 * MINUTE_MS, {
    default: 1000,
    unit: 'ms',
    doc: 'How long a client that is sent away waits at least before it reconnects.',
  }),
  'retry.jitter_ms': integer(0, 10 * MINUTE_MS, {
    default: 4000,
    unit: 'ms',
    doc: 'The time over which reconnecting clients are spread, on top of `retry.after_ms`.',
  }),
  'drain.timeout_ms': integer(0, 10 * MINUTE_MS, {
    default: 10_000,
    unit: 'ms',
    doc: 'How long a stopping server waits for its connections to end their open work.',
  }),
  'sessions.restarts': integer(0, 1000, {
    default: 5,
    doc: 'How often the session of one connection may be restarted within `sessions.period_ms`. Past it the connection is closed with `internal`.',
  }),
  'sessions.period_ms': integer(1000, 60 * MINUTE_MS, {
    default: 10_000,
    unit: 'ms',
    doc: 'The time in which `sessions.restarts` are counted.',
  }),
  'limits.connections': integer(1, 1_000_000, {
    default: 20_000,
    doc: 'Connections in all. More are refused with HTTP 503.',
  }),
  'limits.connections_per_address': integer(1, 1_000_000, {
    default: 256,
    doc: 'Connections from one address (IPv6: from one /64 network). More are refused with HTTP 429. This machine’s own addresses are not limited.',
  }),
  'limits.registrations_per_address_per_hour': integer(1, 1_000_000, {
    default: 20,
    doc: 'Registrations from one address an hour. More are refused with HTTP 429. This machine’s own addresses are not limited.',
  }),
  'limits.logins_per_address_per_minute': integer(1, 1_000_000, {
    default: 600,
    doc: 'Logins from one address a minute. More are closed with `too_many_logins`. This machine’s own addresses are not limited.',
  }),
  'limits.logins_per_account_per_minute': integer(1, 1_000_000, {
    default: 120,
    doc: 'Logins of one account a minute. More are closed with `too_many_logins`.',
  }),
  'limits.unaccepted_sends': lowered(
    'unacceptedSends',
    1,
    'Sends a device may have under way that are neither accepted nor rejected.',
  ),
  'limits.unacked_rows': lowered(
    'unackedRows',
    1,
    'Rows pushed to a device that it has not acknowledged.',
  ),
  'limits.unacked_bytes': lowered(
    'unackedBytes',
    1024,
    'Bytes of bodies pushed to a device that it has not acknowledged.',
    'bytes',
  ),
  'limits.open_requests': lowered('openRequests', 1, 'Open requests of one connection.'),
  'limits.devices_per_user': lowered('devicesPerUser', 1, 'Devices of one user.'),
  'limits.members_per_group': lowered('membersPerGroup', 1, 'Members of one group.'),
  'limits.mailbox_messages': lowered('mailboxMessages', 1, 'Messages stored for one device.'),
  'limits.mailbox_bytes': lowered(
    'mailboxBytes',
    64 * 1024,
    'Bytes of bodies stored for one device.',
    'bytes',
  ),
  'limits.message_life_ms': lowered(
    'messageLifeMs',
    1000,
    'How long a message waits for a device.',
    'ms',
  ),
  'limits.socket_backpressure_bytes': lowered(
    'socketBackpressureBytes',
    16 * 1024,
    'Bytes waiting in a socket before pushing pauses.',
    'bytes',
  ),
  'limits.idle_timeout_ms': lowered(
    'idleTimeoutMs',
    8000,
    'Silence after which a connection is taken for dead. The server pings before.',
    'ms',
  ),
  'limits.login_timeout_ms': lowered(
    'loginTimeoutMs',
    100,
    'Time from the opened socket to a valid login.',
    'ms',
  ),
  'limits.errors_per_minute': lowered(
    'errorsPerMinute',
    1,
    'Bad packets of one connection a minute before it is closed.',
  ),
} as const;

export type Options = typeof options;
export type OptionName = keyof Options;

export const optionNames = Object.keys(options) as OptionName[];
