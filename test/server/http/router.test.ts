import t from 'tap';
import * as z from 'zod';
import { Exit } from '../../../actors/index.ts';
import { adminCheck } from '../../../server/http/admin-token.ts';
import type { HttpRequest } from '../../../server/http/http-request.ts';
import { createRouter } from '../../../server/http/router.ts';
import { validate } from '../../../server/http/validate.ts';

const TOKEN = 'a-token';

function setup() {
  const failures: [unknown, string][] = [];
  const router = createRouter({
    isAdmin: adminCheck(TOKEN),
    onError: (error, route) => failures.push([error, route]),
  });
  const request = (
    method: string,
    path: string,
    more: Partial<Omit<HttpRequest, 'body'>> & { readonly body?: string } = {},
  ) =>
    router.handle({
      method,
      path,
      query: new URLSearchParams(),
      headers: {},
      address: '192.0.2.1',
      ...more,
      body: Buffer.from(more.body ?? ''),
    });
  return { router, request, failures };
}

void t.test('a route gets parameters, query, headers, address and body', async t => {
  const { router, request } = setup();
  router.route('POST', '/v1/users/:user/devices/:number', async got => ({
    status: 201,
    body: { ...got, query: got.query.get('key'), json: await got.json() },
  }));
  t.same(
    await request('POST', '/v1/users/alice%2Eb/devices/7', {
      query: new URLSearchParams('key=x%20y'),
      headers: { host: 'here' },
      body: '{"a":1}',
    }),
    {
      status: 201,
      body: {
        params: { user: 'alice.b', number: '7' },
        query: 'x y',
        headers: { host: 'here' },
        address: '192.0.2.1',
        admin: false,
        json: { a: 1 },
      },
    },
  );
});

void t.test('what is not there, and what is there for another method', async t => {
  const { router, request } = setup();
  router.route('GET', '/thing', () => ({ status: 200, body: 'get' }));
  router.route('PUT', '/thing', () => ({ status: 200, body: 'put' }));
  t.match(await request('GET', '/nothing'), { status: 404, body: { error: 'not_found' } });
  t.match(await request('GET', '/thing/'), { status: 404 });
  t.match(await request('GET', '/%zz'), { status: 404 });
  t.match(await request('POST', '/thing'), {
    status: 405,
    body: { error: 'method_not_allowed' },
    headers: { allow: 'GET, PUT' },
  });
  t.match(await request('HEAD', '/thing'), { status: 200, body: 'get' });
  t.throws(() => router.route('GET', '/thing', () => ({ status: 200, body: '' })), TypeError);
  t.throws(() => router.route('GET', 'thing', () => ({ status: 200, body: '' })), TypeError);
});

void t.test('parameters are not taken from the prototype, nor empty', async t => {
  const { router, request } = setup();
  router.route('GET', '/u/:user', ({ params }) => ({ status: 200, body: params }));
  t.match(await request('GET', '/u/'), { status: 404 });
  t.same(await request('GET', '/u/__proto__'), { status: 200, body: { user: '__proto__' } });
});

void t.test('bad JSON and bad fields are named', async t => {
  const { router, request } = setup();
  const schema = z.object({ handle: z.string().max(3), more: z.object({ count: z.int() }) });
  router.route('POST', '/register', async got => ({
    status: 200,
    body: validate(schema, await got.json()),
  }));
  for (const body of ['', '{', 'undefined', '\xff']) {
    t.match(await request('POST', '/register', { body }), {
      status: 400,
      body: { error: 'bad_json' },
    });
  }
  const cases = [
    ['{"handle":"abcd","more":{"count":1}}', 'handle'],
    ['{"handle":"abc","more":{"count":"1"}}', 'more.count'],
    ['{"more":{"count":1}}', 'handle'],
  ] as const;
  for (const [body, field] of cases) {
    t.match(await request('POST', '/register', { body }), {
      status: 400,
      body: { error: 'bad_field', field, message: new RegExp(`^${field}: `) },
    });
  }
  t.match(await request('POST', '/register', { body: '[]' }), {
    status: 400,
    body: { error: 'bad_field', message: /^The body is wrong/ },
  });
  t.match(await request('POST', '/register', { body: '{"handle":"abc","more":{"count":1}}' }), {
    status: 200,
  });
});

void t.test('admin routes want the token', async t => {
  const { router, request } = setup();
  router.route('POST', '/admin', ({ admin }) => ({ status: 200, body: admin }), { admin: true });
  router.route('GET', '/open', ({ admin }) => ({ status: 200, body: admin }));
  const shown = (authorization: string) => ({ headers: { authorization } });
  for (const wrong of ['', 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, TOKEN]) {
    t.match(
      await request('POST', '/admin', shown(wrong)),
      { status: 401, body: { error: 'not_authorised' } },
      wrong,
    );
    t.match(await request('GET', '/open', shown(wrong)), { status: 200, body: false });
  }
  t.match(await request('POST', '/admin'), { status: 401 });
  t.match(await request('POST', '/admin', shown(`Bearer ${TOKEN}`)), { status: 200, body: true });
  t.match(await request('GET', '/open', shown(`bearer ${TOKEN}`)), { status: 200, body: true });
});

void t.test('a handler that fails is answered for', async t => {
  const { router, request, failures } = setup();
  const error = new Error('secret detail');
  router.route('GET', '/fails', () => {
    throw error;
  });
  router.route('GET', '/dead', () => Promise.reject(new Exit(['noproc', 'store'])));
  const answer = await request('GET', '/fails');
  t.match(answer, { status: 500, body: { error: 'internal' } });
  t.notMatch(JSON.stringify(answer), /secret/);
  t.match(await request('GET', '/dead'), { status: 503, body: { error: 'unavailable' } });
  t.equal(failures.length, 2);
  t.same(failures[0], [error, 'GET /fails']);
});
