import { EventEmitter } from 'node:events';
import t from 'tap';
import { stopOnSignal } from '../../cli/stop-on-signal.ts';

class Process extends EventEmitter {
  code: number | null = null;

  exit(code: number): void {
    this.code = code;
  }
}

void t.test('the first signal stops, one from the same key does nothing, a later one ends', t => {
  const source = new Process();
  let now = 1_000;
  let stops = 0;
  const codes: number[] = [];
  const stop = async (exitCode: number): Promise<void> => {
    codes.push(exitCode);
    stops += 1;
    return Promise.resolve();
  };
  const stopping = stopOnSignal(stop, source, () => now);
  t.equal(stopping.done, null);
  source.emit('SIGINT', 'SIGINT', 2);
  t.equal(stops, 1);
  t.ok(stopping.done instanceof Promise);
  now += 10;
  source.emit('SIGINT', 'SIGINT', 2);
  t.equal(stops, 1);
  t.equal(source.code, null, 'a parent has passed the same Ctrl-C on');
  now += 1_000;
  source.emit('SIGTERM', 'SIGTERM', 15);
  t.equal(stops, 1);
  t.equal(source.code, 128 + 15);
  t.same(codes, [128 + 2], 'of the first one');
  t.end();
});

void t.test('SIGHUP is one of them only where it is named', t => {
  const source = new Process();
  const stop = (): Promise<void> => Promise.resolve();
  stopOnSignal(stop, source);
  t.equal(source.listenerCount('SIGHUP'), 0);
  const stopping = stopOnSignal(stop, source, undefined, ['SIGHUP']);
  source.emit('SIGHUP', 'SIGHUP', 1);
  t.ok(stopping.done instanceof Promise);
  t.end();
});
