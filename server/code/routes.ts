/** Code over HTTP: what `strowger code` asks for. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { call } from '../../actors/index.ts';
import { isLoopback } from '../config/loopback.ts';
import { httpError } from '../http/http-error.ts';
import type { HttpAnswer } from '../http/http-request.ts';
import type { RouteRequest, Router } from '../http/router.ts';
import { validate } from '../http/validate.ts';
import type { Refused } from '../isolates/protocol.ts';
import { codeName, isRefused } from './protocol.ts';

const load = z.strictObject({
  /** Absolute; without it the one that was named last, else the server's own. */
  directory: z.string().min(1).refine(isAbsolute, 'give an absolute path').optional(),
  /** In per cent of the users. */
  canary: z.number().gt(0).lt(100).optional(),
});
const names = z.array(z.string().min(1)).max(1000).default([]);
const chosen = z.strictObject({ modules: names });
const cleared = z.strictObject({ modules: names, soft: z.boolean().default(false) });

export function addCodeRoutes(router: Router): void {
  const admin = { admin: true } as const;
  router.route('GET', '/v1/admin/code', list, admin);
  router.route('POST', '/v1/admin/code/load', loadDirectory, admin);
  router.route('POST', '/v1/admin/code/promote', promote, admin);
  router.route('POST', '/v1/admin/code/revert', revert, admin);
  router.route('POST', '/v1/admin/code/purge', purge, admin);
}

async function list(): Promise<HttpAnswer> {
  return { status: 200, body: await call(codeName, { kind: 'list' }, Infinity) };
}

async function loadDirectory(request: RouteRequest): Promise<HttpAnswer> {
  const { directory, canary } = validate(load, await request.json());
  // Whoever may read the token may also write files, but only here: from afar no code is named.
  if (directory !== undefined && !isLoopback(request.address))
    return httpError(403, 'forbidden', {
      message: 'A directory can only be named from the machine that the server runs on.',
    });
  const share = canary === undefined ? undefined : canary / 100;
  return answer(await call(codeName, { kind: 'load', directory, share }, Infinity));
}

async function promote(request: RouteRequest): Promise<HttpAnswer> {
  const { modules } = validate(chosen, await request.json());
  return answer(await call(codeName, { kind: 'promote', names: modules }, Infinity));
}

async function revert(request: RouteRequest): Promise<HttpAnswer> {
  const { modules } = validate(chosen, await request.json());
  return answer(await call(codeName, { kind: 'revert', names: modules }, Infinity));
}

async function purge(request: RouteRequest): Promise<HttpAnswer> {
  const { modules, soft } = validate(cleared, await request.json());
  return answer(await call(codeName, { kind: 'purge', names: modules, soft }, Infinity));
}

const answer = (result: object | Refused): HttpAnswer =>
  isRefused(result)
    ? httpError(409, 'code_refused', { message: result.message })
    : { status: 200, body: result };
