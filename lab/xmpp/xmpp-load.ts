/** The load generator for XMPP servers: neighbours who send to each other, in the loop that Strowger's load runs in. */
import { LoadLoop, type LoadResult, type RunOptions } from '../load-loop.ts';
import { XmppDevice, type XmppAccount } from './xmpp-device.ts';

export interface XmppLoadOptions {
  /** An even number. */
  readonly accounts: readonly XmppAccount[];
  readonly bodyBytes: number;
  readonly window: number;
  /** Stream management (XEP-0198): a message is over when the server has acknowledged it and it has arrived. */
  readonly acknowledge: boolean;
}

/** Logins under way at once. */
const loginsAtOnce = 50;

export class XmppLoad {
  readonly #devices: XmppDevice[] = [];
  readonly #loop: LoadLoop<string>;

  /** @throws (rejects) Error when one is not let in */
  static async connect(options: XmppLoadOptions): Promise<XmppLoad> {
    if (options.accounts.length % 2 !== 0)
      throw new RangeError(`expected an even number of accounts, got ${options.accounts.length}`);
    const load = new XmppLoad(options.window);
    try {
      await load.#logIn(options);
    } catch (error) {
      load.close();
      throw error;
    }
    load.#address(options);
    return load;
  }

  private constructor(window: number) {
    this.#loop = new LoadLoop(window);
  }

  /** @throws (rejects) Error when a connection ends, or a message does not arrive */
  run(options: RunOptions): Promise<LoadResult> {
    return this.#loop.run(options);
  }

  close(): void {
    for (const device of this.#devices) device.close();
  }

  async #logIn({ accounts, acknowledge }: XmppLoadOptions): Promise<void> {
    const loop = this.#loop;
    const handlers = {
      onAccepted: ({ user }: XmppDevice, upTo: number) => loop.accepted(user, upTo),
      onMessage: (_: XmppDevice, from: string, seq: number) => loop.arrived(from, seq),
      onTurnEnd: () => loop.turnEnd(),
      onFailure: (error: Error) => loop.fail(error),
    };
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < accounts.length; index = next++) {
        const account = accounts[index];
        if (account === undefined) return;
        this.#devices[index] = await XmppDevice.connect(account, acknowledge, handlers);
      }
    };
    await Promise.all(Array.from({ length: loginsAtOnce }, work));
  }

  #address({ accounts, bodyBytes, acknowledge }: XmppLoadOptions): void {
    // Text that XML need not escape.
    const body = 'x'.repeat(bodyBytes);
    for (const [index, device] of this.#devices.entries()) {
      const peer = accounts[index ^ 1];
      if (peer === undefined) continue;
      const to = XmppDevice.addressOf(peer.user, peer.domain);
      const send = () => device.send(to, body);
      this.#loop.addSender(device.user, { send, receivers: 1, accepted: acknowledge });
    }
  }
}
