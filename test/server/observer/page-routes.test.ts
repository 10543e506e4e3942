import t from 'tap';
import { createRouter } from '../../../server/http/router.ts';
import { addPageRoutes } from '../../../server/observer/page-routes.ts';

const files: Readonly<Record<string, string>> = {
  'index.html': '<!doctype html>',
  'favicon.svg': '<svg/>',
  'assets/index-abc123.js': 'let a;',
  'assets/index-abc123.css': 'a{}',
};

function setup(built = true) {
  const asked: string[] = [];
  const router = createRouter({ isAdmin: () => false, onError: () => undefined });
  addPageRoutes(router, name => {
    asked.push(name);
    const text = built ? files[name] : undefined;
    return text === undefined ? undefined : Buffer.from(text);
  });
  const get = (path: string, headers = {}, method = 'GET') =>
    router.handle({
      ...{ method, path, headers, address: '192.0.2.1' },
      query: new URLSearchParams(),
      body: new Uint8Array(),
    });
  return { get, asked };
}

void t.test('the page, with what it may do, for everybody', async t => {
  const { get } = setup();
  for (const path of ['/observer', '/observer/']) {
    const { status, contentType, body, headers } = await get(path);
    t.equal(status, 200);
    t.equal(contentType, 'text/html; charset=utf-8');
    t.equal(Buffer.from(body as Uint8Array).toString(), files['index.html']);
    t.match(headers, { 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' });
    t.match(headers?.['content-security-policy'], "default-src 'none'");
    t.notMatch(headers?.['content-security-policy'], 'unsafe');
    t.match(headers?.['content-security-policy'], "frame-ancestors 'none'");
  }
});

void t.test('files: their types, and how long they are good', async t => {
  const { get } = setup();
  const script = await get('/observer/assets/index-abc123.js');
  t.equal(script.contentType, 'text/javascript; charset=utf-8');
  t.match(script.headers?.['cache-control'], 'immutable');
  t.equal((await get('/observer/assets/index-abc123.css')).contentType, 'text/css; charset=utf-8');
  const icon = await get('/observer/favicon.svg');
  t.equal(icon.contentType, 'image/svg+xml');
  t.equal(icon.headers?.['cache-control'], 'no-cache');
});

void t.test('who has it already is told so', async t => {
  const { get } = setup();
  const etag = (await get('/observer')).headers?.['etag'] ?? '';
  t.match(etag, /^"[\w-]{22}"$/);
  for (const known of [etag, `"other", W/${etag}`]) {
    const again = await get('/observer', { 'if-none-match': known });
    t.equal(again.status, 304);
    t.equal(again.body, '');
  }
  t.equal((await get('/observer', { 'if-none-match': '"other"' })).status, 200);
  t.equal((await get('/observer', {}, 'HEAD')).status, 200);
});

void t.test('nothing but the page’s own files', async t => {
  const { get, asked } = setup();
  for (const path of [
    '/observer/assets/missing.js',
    '/observer/..',
    '/observer/%2e%2e%2fpackage.json',
    '/observer/assets/..%2f..%2fserver.js',
    '/observer/assets/.hidden',
    '/observer/assets/a/b',
    '/observer/assets/',
  ]) {
    t.equal((await get(path)).status, 404, path);
  }
  t.same(asked, ['assets/missing.js'], 'nothing else is looked for');
});

void t.test('a page that was not built says how it is', async t => {
  const { get } = setup(false);
  const { status, body } = await get('/observer');
  t.equal(status, 404);
  t.match(body, { error: 'not_found', message: /npm run build:web/ });
});
