/**
 * Answers the authority's question over HTTP (RFC 8555, section 8.3). The port is open only while a certificate is
 * being asked for.
 */
import { createServer, type Server } from 'node:http';
import { listenError } from '../gateway/listen.ts';

const PATH = '/.well-known/acme-challenge/';

export class HttpChallenge {
  readonly #answers = new Map<string, string>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer({ requestTimeout: 10_000 }, (request, response) => {
      const { method, url = '' } = request;
      const token = url.startsWith(PATH) ? url.slice(PATH.length) : '';
      const answer = method === 'GET' ? this.#answers.get(token) : undefined;
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'text/plain' });
      response.end(answer ?? 'Nothing is here.\n');
    });
    this.#server.maxConnections = 64;
  }

  answer(token: string, keyAuthorization: string): void {
    this.#answers.set(token, keyAuthorization);
  }

  /** @throws (rejects) an Error with a sentence when the port cannot be opened */
  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const { message } = listenError(host, port, error.code ?? error.message);
        reject(
          new Error(
            message.replace('--port', '--acme-http-port').replace('--host', '--acme-http-host'),
          ),
        );
      });
      this.#server.listen({ host, port, exclusive: true }, resolve);
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
