/**
 * A server whose observer says what a test wants: for what a real one does not show on demand (100,000 processes, a state
 * machine, an isolate that is silent). It serves the built page as the real one does, with the same Content-Security-Policy.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerOf } from './fake-answers.ts';

export const TOKEN = 'a-token-of-the-tests-a-token-of-the-tests-xx';

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = fileURLToPath(new URL('../../web/observer/', import.meta.url));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface Asked {
  readonly method: string;
  /** Below /observer/api/, with the query. */
  readonly address: string;
  readonly body: unknown;
}

export class FakeServer {
  /** Every question with the right token, in order. */
  readonly asked: Asked[] = [];
  /** Whether it has no observer. */
  off = false;
  readonly #server: Server;
  #port = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/observer`;
  }

  /** Listens, the second time on the same port. */
  async start(): Promise<void> {
    if (!existsSync(join(page, 'index.html'))) {
      throw new Error(`${page} is empty: the page was not built, \`npm run build:web\` does it.`);
    }
    await new Promise<void>(resolve =>
      this.#server.listen(this.#port, '127.0.0.1', () => resolve()),
    );
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections and listens no longer. */
  async stop(): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!url.pathname.startsWith('/observer/api/')) {
      servePage(url.pathname, response);
      return;
    }
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      sendJson(response, 401, { error: 'not_authorised', message: 'Show the admin token.' });
      return;
    }
    const address = url.pathname.slice('/observer/api/'.length);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    this.asked.push({ method: request.method ?? '', address: address + url.search, body });
    if (this.off) {
      sendJson(response, 404, { error: 'not_found', message: 'There is nothing at this path.' });
      return;
    }
    const answer = request.method === 'POST' ? { ok: true } : answerOf(address, url.searchParams);
    if (answer === undefined) {
      sendJson(response, 404, { error: 'no_process', message: 'There is no such process.' });
    } else {
      sendJson(response, 200, answer);
    }
  }
}

function servePage(path: string, response: ServerResponse): void {
  const file = path === '/observer' ? 'index.html' : path.slice('/observer/'.length);
  const type = types[extname(file)];
  if (type === undefined || !/^(index\.html|assets\/[\w.-]+)$/.test(file)) {
    response.writeHead(404).end();
    return;
  }
  response
    .writeHead(200, { 'content-type': type, 'content-security-policy': CONTENT_SECURITY_POLICY })
    .end(readFileSync(join(page, file)));
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
