/** A process that does nothing but own a StorePort, for tests to speak through. */
import { exit, isAlive, send, spawn, type Pid } from '../../actors/index.ts';
import { StorePort } from '../../server/stores/port.ts';
import type { Command, CommandKind, OutcomeOf } from '../../storage/shard/contract.ts';

export class PortOwner {
  readonly port: StorePort;
  readonly pid: Pid;
  /** How often the store was lost. */
  lost = 0;

  constructor(t: { teardown: (undo: () => void) => void }, shard = 0) {
    this.port = new StorePort(shard, () => {
      this.lost++;
    });
    this.pid = spawn(message => {
      if (typeof message === 'function') (message as () => void)();
      else this.port.handle(message as never);
    });
    t.teardown(() => {
      if (isAlive(this.pid)) exit(this.pid, 'kill');
    });
  }

  /** Runs as the process. */
  run(body: () => void): void {
    send(this.pid, body);
  }

  submit<K extends CommandKind>(command: Command<K>): Promise<OutcomeOf<K> | 'failed'> {
    return new Promise(resolve => {
      this.run(() => {
        this.port.submit(command, resolve, () => {
          resolve('failed');
        });
      });
    });
  }
}
