/**
 * Keeps a certificate: gets one, renews it when a third of its life is left, tries again when that fails, later each
 * time. The gateway sees the new file by itself.
 */
import { self, sendAfter, signal, type CastResult, type GenServer } from '../../actors/index.ts';
import { CertificateFiles } from './certificate-files.ts';
import { isDue } from './due.ts';
import { order, type AcmeConfig } from './order.ts';

export interface AcmeArgument {
  readonly acme: AcmeConfig;
  /** Where the gateway reads. */
  readonly tls: { readonly keyFile: string; readonly certificateFile: string };
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onNotice: (text: string) => void;
  readonly onError: (error: unknown, where: string) => void;
}

interface State extends AcmeArgument {
  readonly files: CertificateFiles;
  /** Without success, in a row. */
  failures: number;
}

const LOOK = { kind: 'look' } as const;

/** How often a good certificate is looked at. */
export const LOOK_MS = 3_600_000;
/** Authorities count failures: Let's Encrypt takes five an hour. */
const FIRST_RETRY_MS = 5 * 60_000;
const LONGEST_RETRY_MS = 12 * 3_600_000;

/** @param failures in a row, this one too */
export const retryMs = (failures: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));

/** Once `init` is over there is a certificate, if only a placeholder. */
export const acme: GenServer<AcmeArgument, State, never, never, typeof LOOK> = {
  async init(argument) {
    const files = new CertificateFiles(argument.tls);
    await files.certificate(argument.acme.domains);
    sendAfter(0, self(), LOOK);
    return ['ok', { ...argument, files, failures: 0 }];
  },

  async handleInfo(message, state): Promise<CastResult<State>> {
    if (message.kind === 'look') sendAfter(await look(state), self(), LOOK);
    return ['noreply', state];
  },
};

/** @returns milliseconds to the next look */
async function look(state: State): Promise<number> {
  const { acme, files, now, onNotice, onError } = state;
  const names = acme.domains.join(', ');
  if (!isDue(await files.certificate(acme.domains), acme.domains, now())) return LOOK_MS;
  onNotice(`asking ${new URL(acme.directory).host} for a certificate for ${names}`);
  try {
    const keys = { accountKey: files.accountKey(), key: files.key() };
    files.put(await order(acme, keys, signal()));
  } catch (cause) {
    state.failures += 1;
    const waitMs = retryMs(state.failures);
    onError(new Error(failure(acme, cause, waitMs), { cause }), 'acme');
    return waitMs;
  }
  state.failures = 0;
  const { validTo } = await files.certificate(acme.domains);
  onNotice(`the certificate for ${names} is there, good until ${validTo}`);
  return LOOK_MS;
}

function failure({ domains, directory, http }: AcmeConfig, cause: unknown, waitMs: number): string {
  const why = cause instanceof Error ? cause.message : String(cause);
  return (
    `${new URL(directory).host} gave no certificate for ${domains.join(', ')}: ${why.replace(/\.$/, '')}. ` +
    `Each name must lead to this machine, and port 80 of it to port ${http.port} of ${http.host}. ` +
    `The next try is in ${Math.round(waitMs / 60_000)} minutes.`
  );
}
