import t from 'tap';
import { addCodeRoutes } from '../../../server/code/routes.ts';
import { adminCheck } from '../../../server/http/admin-token.ts';
import { createRouter } from '../../../server/http/router.ts';

const TOKEN = 'a-token';

const post = async (path: string, body: object, address: string, token = TOKEN) => {
  const router = createRouter({ isAdmin: adminCheck(TOKEN), onError: error => t.error(error) });
  addCodeRoutes(router);
  return router.handle({
    method: 'POST',
    path: `/v1/admin/code/${path}`,
    query: new URLSearchParams(),
    headers: { authorization: `Bearer ${token}` },
    address,
    body: Buffer.from(JSON.stringify(body)),
  });
};

void t.test(
  'code is only named from the server’s own machine, and by who has the token',
  async t => {
    t.match(await post('load', { directory: '/tmp/h' }, '192.0.2.1'), {
      status: 403,
      body: { error: 'forbidden', message: /from the machine that the server runs on/ },
    });
    for (const path of ['load', 'promote', 'revert', 'purge'])
      t.match(await post(path, {}, '127.0.0.1', 'another'), { status: 401 }, path);
  },
);

void t.test('what is asked is checked', async t => {
  const wrong: readonly (readonly [string, object, string])[] = [
    ['load', { directory: 'relative' }, 'directory'],
    ['load', { canary: 100 }, 'canary'],
    ['load', { canary: '1%' }, 'canary'],
    ['revert', { modules: 'ping' }, 'modules'],
    ['purge', { soft: 'yes' }, 'soft'],
  ];
  for (const [path, body, field] of wrong)
    t.match(await post(path, body, '127.0.0.1'), {
      status: 400,
      body: { error: 'bad_field', field },
    });
});
