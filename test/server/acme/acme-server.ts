/**
 * A small certificate authority that speaks ACME (RFC 8555): accounts, orders, questions over HTTP, certificates. It checks
 * signatures and nonces, so that who speaks with it has to do it right.
 */
import { createHash, createPublicKey, randomBytes, verify, webcrypto } from 'node:crypto';
import {
  createServer,
  get,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';

type Jwk = Readonly<Record<string, string>>;

interface Jws {
  readonly header: {
    readonly nonce: string;
    readonly url: string;
    readonly jwk?: Jwk;
    readonly kid?: string;
  };
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Order {
  readonly domains: readonly string[];
  readonly thumbprint: string;
  readonly tokens: readonly string[];
  readonly valid: Set<number>;
  certificate: string | null;
}

const NAME = 'CN=authority of the tests';
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export class AcmeServer {
  /** Where the names are said to lead: a port of this machine. */
  challengePort = 0;
  /** How long certificates are good. */
  lifeMs = 90 * 24 * 3600 * 1000;
  /** The emails of the accounts, and how many there are. */
  readonly contacts: unknown[] = [];
  readonly orders: Order[] = [];
  readonly #root = makeRoot();
  readonly #accounts = new Map<string, Jwk>();
  readonly #nonces = new Set<string>();
  readonly #server: Server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : String(error);
      const problem = { type: 'urn:ietf:params:acme:error:malformed', detail, status: 400 };
      this.#answer(response, 400, problem);
    });
  });

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get directory(): string {
    return `${this.url}/directory`;
  }

  /** Whoever trusts this trusts its certificates. */
  async root(): Promise<string> {
    return (await this.#root).certificate.toString('pem');
  }

  listen(): Promise<void> {
    return new Promise(resolve => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise(resolve => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url } = this;
    const [, what = '', id = '', index = ''] = (request.url ?? '').split('/');
    if (what === 'directory') {
      this.#answer(response, 200, {
        newNonce: `${url}/nonce`,
        newAccount: `${url}/account`,
        newOrder: `${url}/order`,
        meta: { termsOfService: `${url}/terms` },
      });
      return;
    }
    if (what === 'nonce') {
      this.#answer(response, 200, {});
      return;
    }
    const { header, payload } = await this.#read(request);
    if (what === 'account') {
      const thumbprint = thumbprintOf(header.jwk!);
      if (payload['termsOfServiceAgreed'] !== true) throw new Error('the terms are not agreed to');
      if (!this.#accounts.has(thumbprint)) this.contacts.push(payload['contact']);
      this.#accounts.set(thumbprint, header.jwk!);
      this.#answer(response, 201, { status: 'valid' }, { location: `${url}/acct/${thumbprint}` });
      return;
    }
    if (what === 'order' && id === '') {
      const identifiers = payload['identifiers'] as readonly { readonly value: string }[];
      const domains = identifiers.map(({ value }) => value);
      this.orders.push({
        domains,
        thumbprint: header.kid!.split('/').at(-1)!,
        tokens: domains.map(() => randomBytes(16).toString('base64url')),
        valid: new Set(),
        certificate: null,
      });
      const number = this.orders.length - 1;
      this.#answer(response, 201, this.#orderBody(number), { location: `${url}/order/${number}` });
      return;
    }
    const order = this.orders[Number(id)]!;
    switch (what) {
      case 'order':
        this.#answer(response, 200, this.#orderBody(Number(id)));
        return;
      case 'authorization':
        this.#answer(response, 200, this.#authorizationBody(Number(id), Number(index)));
        return;
      case 'challenge': {
        const asked = await this.#ask(order, Number(index));
        if (asked !== null) throw new Error(asked);
        order.valid.add(Number(index));
        this.#answer(response, 200, this.#challengeBody(Number(id), Number(index)));
        return;
      }
      case 'finalize':
        if (order.valid.size !== order.domains.length) throw new Error('not all names are proved');
        order.certificate = await this.#issue(order, String(payload['csr']));
        this.#answer(response, 200, this.#orderBody(Number(id)));
        return;
      case 'certificate':
        this.#answer(response, 200, order.certificate ?? '');
        return;
      default:
        throw new Error(`there is no ${what}`);
    }
  }

  /** @throws when the signature, the nonce or the address is wrong (RFC 8555, section 6) */
  async #read(request: IncomingMessage): Promise<Jws> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
    const text = (part: string): string => Buffer.from(body[part]!, 'base64url').toString();
    const header = JSON.parse(text('protected')) as Jws['header'];
    if (!this.#nonces.delete(header.nonce)) throw new Error('this nonce was not given');
    if (header.url !== this.url + (request.url ?? '')) throw new Error('another address is signed');
    const jwk = header.jwk ?? this.#accounts.get(header.kid!.split('/').at(-1)!);
    const key = createPublicKey({ key: jwk!, format: 'jwk' });
    const signed = Buffer.from(`${body['protected']!}.${body['payload']!}`);
    const signature = Buffer.from(body['signature']!, 'base64url');
    if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature))
      throw new Error('the signature is wrong');
    const payload = text('payload');
    return { header, payload: payload === '' ? {} : (JSON.parse(payload) as Jws['payload']) };
  }

  /** @returns what is wrong with the answer, or null */
  #ask({ domains, tokens, thumbprint }: Order, index: number): Promise<string | null> {
    const [host, token] = [domains[index]!, tokens[index]!];
    return new Promise(resolve => {
      const request = get(
        {
          host: '127.0.0.1',
          port: this.challengePort,
          path: `/.well-known/acme-challenge/${token}`,
          headers: { host },
        },
        response => {
          let answer = '';
          response.setEncoding('utf8').on('data', (text: string) => (answer += text));
          response.on('end', () =>
            resolve(answer === `${token}.${thumbprint}` ? null : `${host} answers ${answer}`),
          );
        },
      );
      request.on('error', error => resolve(`${host} does not answer: ${error.message}`));
    });
  }

  async #issue({ domains }: Order, csr: string): Promise<string> {
    const request = new x509.Pkcs10CertificateRequest(Buffer.from(csr, 'base64url'));
    if (!(await request.verify())) throw new Error('the request for the certificate is not signed');
    const { keys } = await this.#root;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: randomBytes(8).toString('hex'),
      subject: `CN=${domains[0]!}`,
      issuer: NAME,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + this.lifeMs),
      publicKey: request.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: EC,
      extensions: [
        new x509.SubjectAlternativeNameExtension(domains.map(value => ({ type: 'dns', value }))),
      ],
    });
    return certificate.toString('pem');
  }

  #orderBody(number: number): object {
    const { url } = this;
    const { domains, valid, certificate } = this.orders[number]!;
    const status = valid.size === domains.length ? 'ready' : 'pending';
    return {
      status: certificate === null ? status : 'valid',
      identifiers: domains.map(value => ({ type: 'dns', value })),
      authorizations: domains.map((_, index) => `${url}/authorization/${number}/${index}`),
      finalize: `${url}/finalize/${number}`,
      ...(certificate === null ? {} : { certificate: `${url}/certificate/${number}` }),
    };
  }

  #authorizationBody(number: number, index: number): object {
    const { domains, valid } = this.orders[number]!;
    return {
      status: valid.has(index) ? 'valid' : 'pending',
      identifier: { type: 'dns', value: domains[index] },
      challenges: [
        { type: 'dns-01', url: `${this.url}/none`, status: 'pending', token: 'other' },
        this.#challengeBody(number, index),
      ],
    };
  }

  #challengeBody(number: number, index: number): object {
    const { tokens, valid } = this.orders[number]!;
    return {
      type: 'http-01',
      status: valid.has(index) ? 'valid' : 'pending',
      url: `${this.url}/challenge/${number}/${index}`,
      token: tokens[index],
    };
  }

  #answer(response: ServerResponse, status: number, body: object | string, headers = {}): void {
    const nonce = randomBytes(16).toString('base64url');
    this.#nonces.add(nonce);
    const type =
      typeof body === 'string' ? 'application/pem-certificate-chain' : 'application/json';
    response.writeHead(status, { 'replay-nonce': nonce, 'content-type': type, ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

async function makeRoot(): Promise<{
  readonly keys: webcrypto.CryptoKeyPair;
  readonly certificate: x509.X509Certificate;
}> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: NAME,
    keys,
    signingAlgorithm: EC,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return { keys, certificate };
}

/** RFC 7638, for a key on P-256. */
function thumbprintOf({ crv, kty, x, y }: Jwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
