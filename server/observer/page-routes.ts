/** The observer's page: files that need no token, for there is nothing in them. */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { httpError } from '../http/http-error.ts';
import type { HttpAnswer } from '../http/http-request.ts';
import type { RouteRequest, Router } from '../http/router.ts';
import { readWebFile } from './web-files.ts';

/** Reads a file of the page: {@link readWebFile}, or a test's. */
export type ReadFile = (name: string) => Uint8Array | undefined;

const PAGE = 'index.html';

/** One name of a file, without any way out of its directory. */
const fileName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

/** The page loads from here only, talks to here only, and stands in nobody else's. */
const SECURITY = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Names of assets have a hash of what is in them. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Kept, but asked for again each time: see the ETag. */
const ASKED_AGAIN = 'no-cache';

export function addPageRoutes(router: Router, read: ReadFile = readWebFile): void {
  const page = (request: RouteRequest): HttpAnswer => {
    const file = read(PAGE);
    return file === undefined
      ? httpError(404, 'not_found', {
          message: 'The observer’s page was not built: run `npm run build:web` and ask again.',
        })
      : answerFile(request, PAGE, file, ASKED_AGAIN);
  };
  const within =
    (directory: string, cacheControl: string) =>
    (request: RouteRequest): HttpAnswer => {
      const name = request.params['file'] ?? '';
      const file = fileName.test(name) ? read(`${directory}${name}`) : undefined;
      return file === undefined
        ? httpError(404, 'not_found', { message: 'The observer’s page has no such file.' })
        : answerFile(request, name, file, cacheControl);
    };
  router.route('GET', '/observer', page);
  router.route('GET', '/observer/', page);
  router.route('GET', '/observer/:file', within('', ASKED_AGAIN));
  router.route('GET', '/observer/assets/:file', within('assets/', FOR_EVER));
}

function answerFile(
  { headers: given }: RouteRequest,
  name: string,
  body: Uint8Array,
  cacheControl: string,
): HttpAnswer {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const contentType = contentTypes[extname(name)] ?? 'application/octet-stream';
  const headers = { ...SECURITY, etag, 'cache-control': cacheControl };
  const has = given['if-none-match'] ?? '';
  const isKnown = has.split(',').some(tag => tag.trim().replace(/^W\//, '') === etag);
  if (isKnown) return { status: 304, body: '', contentType, headers };
  return { status: 200, body, contentType, headers };
}
