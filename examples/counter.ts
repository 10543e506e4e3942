/**
 * A first gen-server: a counter that is asked, told, and restarted when it crashes.
 *
 * Run it with `npm run build && node dist/examples/counter.js`.
 */
import { call, cast, serverName, setLogger, startLink, whereis } from '../actors/index.ts';
import type { GenServer, Request } from '../actors/index.ts';
import { supervisor } from '../supervisors/index.ts';

type Call = Request<'value', object, number>;
type Cast = { readonly kind: 'add'; readonly by: number };

const counter: GenServer<number, number, Call, Cast> = {
  init: start => ['ok', start],
  handleCall: (_request, _from, value) => ['reply', value, value],
  handleCast(message, value) {
    if (!Number.isFinite(message.by)) throw new RangeError(`cannot add ${message.by}`);
    return ['noreply', value + message.by];
  },
};

const name = serverName<Call, Cast>('counter');

// Its end is expected below: one line instead of a report.
setLogger(({ level, report }) => {
  if (report.kind === 'supervisor') console.log(`${level}: ${report.errorContext}`);
});

await supervisor.startLink(() => [
  { strategy: 'one_for_one' },
  [{ id: 'counter', start: () => startLink(counter, 100, { name }) }],
]);

cast(name, { kind: 'add', by: 5 });
console.log('value', await call(name, { kind: 'value' }));

const before = whereis(name);
cast(name, { kind: 'add', by: NaN });
while (whereis(name) === before || whereis(name) === undefined) {
  await new Promise(resolve => setImmediate(resolve));
}
console.log('value after the crash', await call(name, { kind: 'value' }));
