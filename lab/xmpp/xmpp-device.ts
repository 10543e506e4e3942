/**
 * A client of an XMPP server as lean as the load device (lab/load-device.ts): one plain TCP connection, SASL PLAIN
 * (RFC 4616), a bound resource, presence, messages (RFC 6120, 6121), and with `acknowledge` stream management
 * (XEP-0198). What one loop turn brings leaves in one write. Whatever a run without faults does not bring ends it.
 */
import { connect, type Socket } from 'node:net';
import { attribute, StanzaReader } from './stanza-reader.ts';

export interface XmppAccount {
  readonly host: string;
  readonly port: number;
  /** The XMPP domain. */
  readonly domain: string;
  readonly user: string;
  readonly password: string;
}

export interface XmppDeviceHandlers {
  /** With `acknowledge`: the server has handled everything up to this number. */
  onAccepted(device: XmppDevice, upTo: number): void;
  /** A message of this user, by the number that its sender gave it. */
  onMessage(device: XmppDevice, from: string, seq: number): void;
  /** All that came at one time has been told. */
  onTurnEnd(device: XmppDevice): void;
  onFailure(error: Error): void;
}

const resource = 'load';
const streams = 'http://etherx.jabber.org/streams';
/** Stanzas between the enabling of XEP-0198 and the first message: the presence. */
const stanzasBefore = 1;
const loginTimeoutMs = 30_000;

type Phase = 'opening' | 'authenticating' | 'binding' | 'enabling' | 'ready' | 'closed';

export class XmppDevice {
  readonly user: string;
  readonly #account: XmppAccount;
  readonly #acknowledge: boolean;
  readonly #handlers: XmppDeviceHandlers;
  readonly #socket: Socket;
  readonly #reader: StanzaReader;
  #phase: Phase = 'opening';
  #out = '';
  #seq = 0;
  /** Stanzas that have come since stream management was enabled. */
  #handled = 0;
  #asks = false;
  #resolve: () => void = () => undefined;
  #fail: (error: Error) => void;

  /** Resolves when it is logged in and its presence is on its way. */
  static connect(
    account: XmppAccount,
    acknowledge: boolean,
    handlers: XmppDeviceHandlers,
  ): Promise<XmppDevice> {
    return new Promise((resolve, reject) => {
      const device = new XmppDevice(account, acknowledge, handlers);
      const late = setTimeout(
        () => device.#end(`was not let in within ${loginTimeoutMs} ms`),
        loginTimeoutMs,
      );
      device.#fail = error => {
        clearTimeout(late);
        reject(error);
      };
      device.#resolve = () => {
        clearTimeout(late);
        device.#fail = error => handlers.onFailure(error);
        resolve(device);
      };
    });
  }

  private constructor(account: XmppAccount, acknowledge: boolean, handlers: XmppDeviceHandlers) {
    this.user = account.user;
    this.#account = account;
    this.#acknowledge = acknowledge;
    this.#handlers = handlers;
    this.#fail = error => handlers.onFailure(error);
    this.#reader = new StanzaReader((name, text) => this.#take(name, text));
    this.#socket = connect({ host: account.host, port: account.port, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', chunk => this.#data(String(chunk)));
    this.#socket.on('error', error => this.#end(`lost its connection: ${error.message}`));
    this.#socket.on('close', () => this.#end('lost its connection'));
    this.#openStream();
  }

  /** The address of another user's device, for {@link send}. */
  static addressOf = (user: string, domain: string): string => `${user}@${domain}/${resource}`;

  /** @param body XML text, escaped @returns the message's number */
  send(to: string, body: string): number {
    const seq = ++this.#seq;
    this.#write(`<message to='${to}' type='chat' id='${seq}'><body>${body}</body></message>`);
    this.#asks = this.#acknowledge;
    return seq;
  }

  close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#socket.end('</stream:stream>');
    // The other side may have nothing more to say.
    this.#socket.once('end', () => this.#socket.destroy());
  }

  #openStream(): void {
    this.#reader.restart();
    this.#write(
      `<?xml version='1.0'?><stream:stream to='${this.#account.domain}' version='1.0' ` +
        `xmlns='jabber:client' xmlns:stream='${streams}'>`,
    );
  }

  #write(text: string): void {
    if (this.#out === '') setImmediate(() => this.#flush());
    this.#out += text;
  }

  #flush(): void {
    if (this.#phase === 'closed') return;
    // One request for all that leaves now (XEP-0198 section 4).
    this.#socket.write(this.#asks ? `${this.#out}<r xmlns='urn:xmpp:sm:3'/>` : this.#out);
    this.#out = '';
    this.#asks = false;
  }

  #data(chunk: string): void {
    if (this.#phase === 'closed') return;
    this.#reader.push(chunk);
    this.#handlers.onTurnEnd(this);
  }

  #take(name: string, text: string): void {
    switch (name) {
      case 'message':
        this.#handled++;
        this.#message(text);
        return;
      case 'r':
        this.#write(`<a xmlns='urn:xmpp:sm:3' h='${this.#handled}'/>`);
        return;
      case 'a':
        this.#handlers.onAccepted(this, Number(attribute(text, 'h')) - stanzasBefore);
        return;
      case 'presence':
      case 'iq':
        this.#handled++;
        if (this.#phase === 'binding') this.#bound(text);
        return;
      case 'stream:stream':
        return;
      case 'stream:features':
        this.#features(text);
        return;
      case 'success':
        this.#phase = 'binding';
        this.#openStream();
        return;
      case 'enabled':
        this.#handled = 0;
        this.#enter();
        return;
      default:
        this.#end(`was told: ${text}`);
    }
  }

  #message(text: string): void {
    const from = attribute(text, 'from') ?? '';
    const seq = Number(attribute(text, 'id'));
    if (attribute(text, 'type') === 'error' || !(seq > 0)) {
      this.#end(`was told: ${text}`);
      return;
    }
    this.#handlers.onMessage(this, from.slice(0, from.indexOf('@')), seq);
  }

  #features(text: string): void {
    if (this.#phase === 'opening') {
      if (!text.includes('<mechanism>PLAIN</mechanism>')) {
        this.#end(`may not log in with SASL PLAIN; the server offers: ${text}`);
        return;
      }
      const { user, password } = this.#account;
      const response = Buffer.from(`\0${user}\0${password}`).toString('base64');
      this.#phase = 'authenticating';
      this.#write(
        `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${response}</auth>`,
      );
    } else
      this.#write(
        `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>` +
          `<resource>${resource}</resource></bind></iq>`,
      );
  }

  #bound(text: string): void {
    if (attribute(text, 'type') !== 'result') {
      this.#end(`could not bind its resource: ${text}`);
      return;
    }
    this.#phase = 'enabling';
    if (this.#acknowledge) this.#write(`<enable xmlns='urn:xmpp:sm:3'/>`);
    else this.#enter();
  }

  #enter(): void {
    this.#phase = 'ready';
    this.#write('<presence/>');
    this.#resolve();
  }

  #end(what: string): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#socket.destroy();
    this.#fail(new Error(`${this.user} ${what}`));
  }
}
