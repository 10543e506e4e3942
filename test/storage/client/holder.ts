/**
 * A process for home.test.ts: opens the home named on its command line, stores one message in each half, says `stored`,
 * and then stays until it is killed, as a program that dies between storing and acknowledging.
 */
import { openHome } from '../../../storage/client/home.ts';
import { someEntry, someMessage } from '../../contract/client-store.ts';

const store = openHome(process.argv[2]!);
const outbox = await store.openOutbox();
await outbox.commit([
  { kind: 'put', entry: someEntry(1) },
  { kind: 'watermarks', nextSeq: 2, upTo: 0, era: 1, tried: 1 },
]);
const inbox = await store.openInbox();
await inbox.commit([
  { kind: 'add', waiting: { place: 1, row: someMessage(1) } },
  { kind: 'from', device: 'bob:1' as never, seq: 1 },
  { kind: 'watermarks', have: 1, era: 1 },
]);
process.stdout.write('stored\n');
setInterval(() => undefined, 1_000_000);
