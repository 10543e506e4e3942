/** Which handler answers which path, and what all of them have in common: JSON, admin token, errors. */
import { Exit } from '../../actors/index.ts';
import { httpError, HttpProblem } from './http-error.ts';
import type { HttpAnswer, HttpHandler, HttpRequest } from './http-request.ts';
import { matchPath, pathPattern } from './path-pattern.ts';
import type { PathParams, PathPattern } from './path-pattern.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What a route's handler is given. */
export interface RouteRequest {
  readonly params: PathParams;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string;
  /** Whether the admin token was shown. */
  readonly admin: boolean;
  /** The body as JSON; rejects with HttpProblem (400 `bad_json`), which the handler lets pass. */
  json(): Promise<unknown>;
}

export type RouteHandler = (request: RouteRequest) => Promise<HttpAnswer> | HttpAnswer;

export interface RouteOptions {
  /** Only for who shows the admin token; others get 401 `not_authorised`. */
  readonly admin?: boolean;
}

export interface Router {
  /** Throws TypeError for a route that is there already. */
  route(method: HttpMethod, path: string, handler: RouteHandler, options?: RouteOptions): void;
  readonly handle: HttpHandler;
}

export interface RouterOptions {
  /** See `adminCheck`. */
  readonly isAdmin: (authorization: string | undefined) => boolean;
  /** Told of handlers that failed, which is a bug or a dead part of the server; the client gets 500 or 503. */
  readonly onError: (error: unknown, route: string) => void;
}

interface Route {
  readonly method: HttpMethod;
  readonly pattern: PathPattern;
  readonly handler: RouteHandler;
  readonly admin: boolean;
}

export function createRouter({ isAdmin, onError }: RouterOptions): Router {
  const routes: Route[] = [];

  const route: Router['route'] = (method, path, handler, options = {}) => {
    if (routes.some(other => other.method === method && other.pattern.source === path)) {
      throw new TypeError(`the route ${method} ${path} is there already`);
    }
    routes.push({ method, pattern: pathPattern(path), handler, admin: options.admin ?? false });
  };

  const handle: HttpHandler = async request => {
    const here = routes.flatMap(candidate => {
      const params = matchPath(candidate.pattern, request.path);
      return params === undefined ? [] : [{ route: candidate, params }];
    });
    if (here.length === 0) return httpError(404, 'not_found');
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const found = here.find(match => match.route.method === method);
    if (found === undefined) {
      const allow = [...new Set(here.map(match => match.route.method))].join(', ');
      return httpError(405, 'method_not_allowed', { headers: { allow } });
    }
    const admin = isAdmin(request.headers['authorization']);
    if (found.route.admin && !admin) {
      return httpError(401, 'not_authorised', { headers: { 'www-authenticate': 'Bearer' } });
    }
    try {
      return await found.route.handler(routeRequest(request, found.params, admin));
    } catch (error) {
      // The handler may do anything; its end must not be the connection's end without an answer.
      if (error instanceof HttpProblem) return error.answer;
      onError(error, `${found.route.method} ${found.route.pattern.source}`);
      // A call that was not answered: who should answer is restarting, or has too much to do.
      if (error instanceof Exit) return httpError(503, 'unavailable', { retryAfterSeconds: 1 });
      return httpError(500, 'internal', { message: 'Something broke in the server: try again.' });
    }
  };

  return { route, handle };
}

function routeRequest(request: HttpRequest, params: PathParams, admin: boolean): RouteRequest {
  const { query, headers, address } = request;
  return { params, query, headers, address, admin, json: async () => parseJson(request.body) };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new HttpProblem(httpError(400, 'bad_json'));
  }
}
