/** Upgrades over HTTP: what `strowger upgrade` asks for. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { call } from '../../actors/index.ts';
import { isLoopback } from '../config/loopback.ts';
import { httpError } from '../http/http-error.ts';
import type { HttpAnswer } from '../http/http-request.ts';
import type { RouteRequest, Router } from '../http/router.ts';
import { validate } from '../http/validate.ts';
import { switchboardName } from './protocol.ts';

const upgrade = z.strictObject({
  /** The file of the new program. */
  entry: z.string().min(1).optional(),
  isolates: z.int().min(1).max(64).optional(),
});

export function addUpgradeRoute(router: Router): void {
  router.route('POST', '/v1/admin/upgrade', handle, { admin: true });
}

async function handle(request: RouteRequest): Promise<HttpAnswer> {
  const { entry, isolates } = validate(upgrade, await request.json());
  // Whoever may read the token may also make files, but only here: from afar no program is named.
  if (entry !== undefined && !isLoopback(request.address))
    return httpError(403, 'forbidden', {
      message: 'A program can only be named from the machine that the server runs on.',
    });
  if (entry !== undefined && !existsSync(entry))
    return httpError(422, 'bad_field', { field: 'entry', message: `There is no file ${entry}.` });
  const result = await call(switchboardName, { kind: 'upgrade', entry, count: isolates }, Infinity);
  if ('message' in result) return httpError(409, 'upgrade_refused', { message: result.message });
  return { status: 200, body: result };
}
