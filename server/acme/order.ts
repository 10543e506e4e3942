import type { Config } from '../config/config.ts';
import { HttpChallenge } from './http-challenge.ts';

export type AcmeConfig = NonNullable<Config['acme']>;

/** An authority that has not come to an end by then has hung. */
const ORDER_LIMIT_MS = 10 * 60_000;

/** The PEM texts that an order needs. */
export interface OrderKeys {
  readonly accountKey: string;
  readonly key: string;
}

/**
 * Asks the authority for a certificate (RFC 8555), with a question over HTTP for each name.
 * @param signal ends it: the port is closed at once
 * @returns the certificate with its chain, PEM
 * @throws (rejects) an Error whose message is the authority's
 */
export async function order(
  { domains, email, directory, http }: AcmeConfig,
  { accountKey, key }: OrderKeys,
  signal: AbortSignal,
): Promise<string> {
  // Much code, and for a server with a certificate of its own none of it is needed.
  const { default: acme } = await import('acme-client');
  const challenge = new HttpChallenge();
  const { over, stop } = endOf(signal);
  try {
    await challenge.listen(http.host, http.port);
    const client = new acme.Client({ directoryUrl: directory, accountKey });
    const [, csr] = await acme.crypto.createCsr({ altNames: [...domains] }, key);
    const certificate = client.auto({
      csr,
      ...(email === undefined ? {} : { email }),
      termsOfServiceAgreed: true,
      // It asks from where it is; from here our own name may lead elsewhere.
      skipChallengeVerification: true,
      challengePriority: ['http-01'],
      challengeCreateFn: async (_authorization, { type, token }, keyAuthorization) => {
        if (type !== 'http-01') throw new Error(`the authority offers only ${type}, not http-01`);
        challenge.answer(token, keyAuthorization);
      },
      challengeRemoveFn: async () => undefined,
    });
    return await Promise.race([certificate, over]);
  } finally {
    stop();
    challenge.close();
  }
}

/** Rejects when the signal says so, or when it has taken too long. */
function endOf(signal: AbortSignal): { over: Promise<never>; stop: () => void } {
  let stop = (): void => undefined;
  const over = new Promise<never>((_resolve, reject) => {
    const aborted = (): void => reject(new Error('the server stops'));
    const late = setTimeout(
      () => reject(new Error(`no end after ${ORDER_LIMIT_MS / 60_000} minutes`)),
      ORDER_LIMIT_MS,
    );
    signal.addEventListener('abort', aborted);
    stop = () => {
      clearTimeout(late);
      signal.removeEventListener('abort', aborted);
    };
  });
  return { over, stop };
}
