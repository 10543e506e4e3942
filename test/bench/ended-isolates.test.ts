import t from 'tap';
import { EndedIsolates } from '../../bench/ended-isolates.ts';

const line = (id: string, time: string, errorContext = 'child_terminated'): string =>
  JSON.stringify({ level: 'error', time, report: 'supervisor', errorContext, offender: { id } });

void t.test("the next end of an isolate, from its supervisor's report", async t => {
  const ended = new EndedIsolates();
  ended.read(line('isolate.1', '2026-01-02T03:04:04.000Z'));
  const next = ended.next(1, 10_000);
  for (const other of [
    'orders http://127.0.0.1:1',
    line('store.1', '2026-01-02T03:04:05.000Z'),
    line('isolate.2', '2026-01-02T03:04:05.000Z'),
    line('isolate.1', '2026-01-02T03:04:05.000Z', 'start_error'),
  ])
    ended.read(other);
  ended.read(line('isolate.1', '2026-01-02T03:04:05.678Z'));
  t.equal(await next, Date.parse('2026-01-02T03:04:05.678Z'), 'neither an earlier one nor another');
  await t.rejects(ended.next(1, 1), /isolate 1 was not ended within 1 ms/);
});
