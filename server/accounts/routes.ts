/** Accounts over HTTP: registering, and how a new device learns that it was let in. */
import { z } from 'zod';
import { nodeCrypto } from '../../protocol/crypto/node.ts';
import { errors, type ErrorCode } from '../../protocol/errors.ts';
import { isUserId, type UserId } from '../../protocol/ids.ts';
import { shardOf } from '../../protocol/shard.ts';
import { registrationBytes } from '../../protocol/signing.ts';
import type { Account } from '../../storage/accounts/contract.ts';
import type { Config } from '../config/config.ts';
import { httpError, HttpProblem } from '../http/http-error.ts';
import type { HttpAnswer } from '../http/http-request.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import type { RouteRequest, Router } from '../http/router.ts';
import { validate } from '../http/validate.ts';
import { RequestError } from '../request-error.ts';
import { execute, findAccount } from '../stores/execute.ts';
import { base64url, newInviteCode } from './codes.ts';

export interface AccountRouteServices {
  readonly registration: Config['registration'];
  readonly shards: number;
  readonly mayRegister: RateLimit;
}

const registration = z.strictObject({
  handle: z.string(),
  key: base64url(32),
  signature: base64url(64),
  invite: z.string().max(64).optional(),
});

const invitation = z.strictObject({
  uses: z.int().min(1).max(1_000_000).default(1),
  days: z.int().min(1).max(3650).default(7),
});

const DAY_MS = 24 * 3600 * 1000;
/** Invites are few: all of them live in the first shard. */
const INVITE_SHARD = 0;

export function addAccountRoutes(router: Router, services: AccountRouteServices): void {
  router.route('POST', '/v1/register', request => refusing(() => register(request, services)));
  router.route('GET', '/v1/users/:user/devices', request =>
    refusing(() => findDevice(request, services)),
  );
  router.route('POST', '/v1/admin/invites', request => refusing(() => makeInvite(request)), {
    admin: true,
  });
}

async function register(
  request: RouteRequest,
  { registration: mode, shards, mayRegister }: AccountRouteServices,
): Promise<HttpAnswer> {
  const { handle, key, signature, invite } = validate(registration, await request.json());
  if (!isUserId(handle)) throw new RequestError('bad_handle', 'handle');
  if (!nodeCrypto.verify(key, registrationBytes(handle, key), signature))
    throw new RequestError('bad_signature', 'signature');
  const existing = await findAccount(handle, shards);
  if (existing !== null && isFirstKey(existing, key))
    return { status: 200, body: registered(existing) };
  if (existing !== null) throw new RequestError('handle_taken', 'handle');

  const wait = mayRegister.take(request.address);
  if (wait > 0) return tooMany(wait);
  if (mode === 'closed' || (mode === 'invite' && invite === undefined))
    throw new RequestError('invite_needed', 'invite');
  if (invite !== undefined && mode === 'invite') await spendInvite(invite, handle);
  const outcome = await execute(shardOf(handle, shards), {
    kind: 'register',
    user: handle,
    key,
    at: Date.now(),
  });
  if (outcome === 'handle_taken') throw new RequestError(outcome, 'handle');
  return { status: 201, body: registered(outcome) };
}

async function spendInvite(code: string, user: UserId): Promise<void> {
  const at = Date.now();
  const outcome = await execute(INVITE_SHARD, { kind: 'use_invite', code, user, at });
  if (outcome === 'bad_invite') throw new RequestError('bad_invite', 'invite');
}

/** For a device that waits to be approved: which device has this key, if any yet. */
async function findDevice(
  { params, query }: RouteRequest,
  { shards }: AccountRouteServices,
): Promise<HttpAnswer> {
  const { user } = params;
  if (!isUserId(user)) throw new RequestError('bad_handle', 'user');
  const key = validate(z.object({ key: base64url(32) }), { key: query.get('key') ?? '' }).key;
  const account = await findAccount(user, shards);
  if (account === null) throw new RequestError('unknown_user', 'user');
  const info = account.devices.find(device => Buffer.compare(device.key, key) === 0);
  return { status: 200, body: { device: info?.device ?? null } };
}

async function makeInvite(request: RouteRequest): Promise<HttpAnswer> {
  const { uses, days } = validate(invitation, await request.json());
  const expiresAt = Date.now() + days * DAY_MS;
  const { code } = await execute(INVITE_SHARD, {
    kind: 'make_invite',
    code: newInviteCode(),
    uses,
    expiresAt,
  });
  return { status: 201, body: { code, uses, expiresAt } };
}

const registered = ({ user, version, devices }: Account) => ({
  user,
  device: devices[0]?.device,
  version,
});

const isFirstKey = ({ devices }: Account, key: Uint8Array): boolean => {
  const first = devices[0];
  return first?.addedBy === null && Buffer.compare(first.key, key) === 0;
};

/** The HTTP status of a refusal; 400 for the others. */
const statuses: Partial<Record<ErrorCode, number>> = {
  handle_taken: 409,
  invite_needed: 403,
  bad_invite: 403,
  bad_signature: 403,
  unknown_user: 404,
  storage_full: 507,
};

async function refusing(answer: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { code, field } = error.details;
    const detail = { message: errors[code].text, ...(field === undefined ? {} : { field }) };
    throw new HttpProblem(httpError(statuses[code] ?? 400, code, detail));
  }
}

const tooMany = (waitMs: number): HttpAnswer =>
  httpError(429, 'too_many_requests', {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
