/**
 * Opening the port.
 *
 * uWebSockets.js listens with SO_REUSEPORT, so that two servers would share a port silently. Its exclusive mode
 * listens without SO_REUSEADDR, and then the port cannot be had again for a minute after a crash that left connections
 * behind. So the port is first taken for a moment with Node's own listener, which fails as it should and says
 * why, and then given to uWebSockets.js.
 */
import { createServer } from 'node:net';

/** Where a gateway listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export interface ListenError {
  readonly code: 'port_taken' | 'bad_host' | 'not_permitted' | 'listen_failed';
  /** What to do about it. */
  readonly message: string;
}

/** The port that can be had: the given one, or any free one for 0. */
export function probePort(
  host: string,
  port: number,
): Promise<readonly ['ok', number] | readonly ['error', ListenError]> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(['error', listenError(host, port, error.code ?? error.message)]),
    );
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const free = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(['ok', free]));
    });
  });
}

/** @param why the system's error code */
export function listenError(host: string, port: number, why: string): ListenError {
  switch (why) {
    case 'EADDRINUSE':
      return {
        code: 'port_taken',
        message: `Port ${port} on ${host} is taken: stop the program that uses it (ss -ltnp shows it), or choose another one with --port.`,
      };
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return {
        code: 'bad_host',
        message: `This machine does not have the address ${host}: choose one of its own with --host (0.0.0.0 is all of them).`,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'not_permitted',
        message: `Port ${port} may not be opened by this user: choose one from 1024 up with --port.`,
      };
    default:
      return {
        code: 'listen_failed',
        message: `Port ${port} on ${host} cannot be opened: ${why}.`,
      };
  }
}

export const urlOf = (host: string, port: number, tls: boolean): string =>
  `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
