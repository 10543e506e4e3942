import t from 'tap';
import { adminCheck } from '../../../server/http/admin-token.ts';
import { addHealthRoutes } from '../../../server/http/health-routes.ts';
import { createRouter } from '../../../server/http/router.ts';
import { createMetrics } from '../../../server/metrics/metrics.ts';
import { testGateway } from '../gateway/fake-session.ts';

function setup(trustedProxies: string[] = []) {
  const state = { ready: true };
  const router = createRouter({ isAdmin: adminCheck('token'), onError: () => undefined });
  const metrics = createMetrics();
  metrics.server.gauge('mailbox_rows', 'Rows in all mailboxes.', () => 12);
  metrics.server.accepted.inc(3);
  metrics.server.rejected.inc({ code: 'blocked' });
  metrics.server.restarts.inc({ supervisor: 'sessions' });
  metrics.server.commandsPerCommit.observe(7);
  addHealthRoutes(router, {
    readiness: () => ({ ready: state.ready, checks: { store: state.ready } }),
    metrics: () => metrics.print(),
  });
  router.route('POST', '/echo', async request => ({ status: 200, body: await request.json() }));
  return { state, options: { http: router.handle, trustedProxies } };
}

void t.test('health and readiness', async t => {
  const { state, options } = setup();
  const { url } = await testGateway(t, options);
  const alive = await fetch(`${url}/healthz`);
  t.equal(alive.status, 200);
  t.equal(alive.headers.get('content-type'), 'application/json');
  t.same(await alive.json(), { alive: true });
  t.equal((await fetch(`${url}/readyz`)).status, 200);
  state.ready = false;
  const notReady = await fetch(`${url}/readyz`);
  t.equal(notReady.status, 503);
  t.same(await notReady.json(), { ready: false, checks: { store: false } });
  t.equal((await fetch(`${url}/healthz`, { method: 'HEAD' })).status, 200);
});

void t.test('metrics are for this machine and for who has the token', async t => {
  const { url } = await testGateway(t, setup(['127.0.0.1']).options);
  const read = (headers: Record<string, string>) => fetch(`${url}/metrics`, { headers });
  const local = await read({});
  t.equal(local.status, 200);
  t.match(local.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const text = await local.text();
  for (const line of [
    /^strowger_mailbox_rows 12$/m,
    /^strowger_accepted_total 3$/m,
    /^strowger_rejected_total\{code="blocked"\} 1$/m,
    /^strowger_restarts_total\{supervisor="sessions"\} 1$/m,
    /^strowger_commands_per_commit_sum 7$/m,
    /^strowger_nodejs_eventloop_lag_p99_seconds /m,
    /^strowger_process_resident_memory_bytes /m,
  ]) {
    t.match(text, line);
  }
  const far = { 'x-forwarded-for': '192.0.2.1' };
  t.equal((await read(far)).status, 401);
  t.equal((await read({ ...far, authorization: 'Bearer token' })).status, 200);
});

void t.test('a proxy on this machine that nobody trusts does not make strangers local', async t => {
  const { url } = await testGateway(t, setup().options);
  for (const header of ['x-forwarded-for', 'forwarded']) {
    const answer = await fetch(`${url}/metrics`, { headers: { [header]: 'for=192.0.2.1' } });
    t.equal(answer.status, 401, header);
  }
});

void t.test('bodies up to 64 KiB', async t => {
  const { url } = await testGateway(t, setup().options);
  const post = (body: string) => fetch(`${url}/echo`, { method: 'POST', body });
  const largest = JSON.stringify('x'.repeat(64 * 1024 - 2));
  const taken = await post(largest);
  t.equal(taken.status, 200);
  t.equal(((await taken.json()) as string).length, 64 * 1024 - 2);
  const refused = await post(`${largest} `);
  t.equal(refused.status, 413);
  t.match(await refused.json(), { error: 'body_too_large' });
  t.equal((await post('{')).status, 400);
});

void t.test('a WebSocket path without a WebSocket', async t => {
  const { url } = await testGateway(t, setup().options);
  const answer = await fetch(`${url}/v1/alice:1`);
  t.equal(answer.status, 426);
  t.match(await answer.json(), { error: 'upgrade_needed' });
});
