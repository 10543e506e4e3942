/** HTTP as the router sees it: whole requests and answers, whoever carries them. */

export interface HttpRequest {
  /** In capitals. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** The client's address, taken from a trusted proxy's header where there is one. */
  readonly address: string;
  /** The whole body, at most {@link BODY_LIMIT_BYTES}. */
  readonly body: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  /** JSON by default; text and bytes are sent as they are and want a content type. */
  readonly body: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers a request; it never rejects. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpAnswer>;

/** A body may have so many bytes. Larger: 413 `body_too_large`. */
export const BODY_LIMIT_BYTES = 64 * 1024;
