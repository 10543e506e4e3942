/** One HTTP request over uWebSockets.js: read whole, handed to the handler, answered once. */
import { STATUS_CODES } from 'node:http';
import type { HttpRequest as UwsRequest, HttpResponse as UwsResponse } from 'uWebSockets.js';
import type { ClientAddress } from '../http/client-address.ts';
import { httpError } from '../http/http-error.ts';
import { BODY_LIMIT_BYTES } from '../http/http-request.ts';
import type { HttpAnswer, HttpHandler } from '../http/http-request.ts';

export function answerHttp(
  response: UwsResponse,
  request: UwsRequest,
  handlers: { readonly http: HttpHandler; readonly clientAddress: ClientAddress },
): void {
  // The request is only there during this call.
  const method = request.getCaseSensitiveMethod().toUpperCase();
  const path = request.getUrl();
  const query = new URLSearchParams(request.getQuery());
  const headers = headersOf(request);
  const address = handlers.clientAddress(remoteAddress(response), headers['x-forwarded-for']);

  let open = true;
  response.onAborted(() => {
    open = false;
  });
  const answer = (answered: HttpAnswer): void => {
    if (!open) return;
    open = false;
    response.cork(() => writeAnswer(response, answered, method === 'HEAD'));
  };

  const chunks: Uint8Array[] = [];
  let bytes = 0;
  response.onData((chunk, isLast) => {
    if (!open) return;
    bytes += chunk.byteLength;
    if (bytes > BODY_LIMIT_BYTES) {
      answer(httpError(413, 'body_too_large', { headers: { connection: 'close' } }));
      return;
    }
    chunks.push(new Uint8Array(chunk.slice(0)));
    if (!isLast) return;
    const body = Buffer.concat(chunks, bytes);
    void handlers.http({ method, path, query, headers, address, body }).then(answer);
  });
}

/** Writes a whole answer; JSON unless it says what else it is. */
export function writeAnswer(response: UwsResponse, answer: HttpAnswer, headOnly = false): void {
  const isJson = answer.contentType === undefined;
  const body = isJson ? `${JSON.stringify(answer.body)}\n` : (answer.body as string | Uint8Array);
  response.writeStatus(`${answer.status} ${STATUS_CODES[answer.status] ?? ''}`);
  response.writeHeader('content-type', answer.contentType ?? 'application/json');
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    response.writeHeader(name, value);
  }
  const closes = answer.headers?.['connection'] === 'close';
  if (headOnly) response.endWithoutBody(Buffer.byteLength(body), closes);
  else response.end(body, closes);
}

export function headersOf(request: UwsRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  request.forEach((name, value) => {
    // Repeated headers are one list (RFC 9110, section 5.3).
    headers[name] = name in headers ? `${headers[name] ?? ''}, ${value}` : value;
  });
  return headers;
}

export const remoteAddress = (response: UwsResponse): string =>
  Buffer.from(response.getRemoteAddressAsText()).toString('latin1');
