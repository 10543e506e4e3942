/** The README's tour is run: its commands print what it says, but for ids and times. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { stepsOf } from '../examples/lesson.ts';
import { Workplace } from './strowger.ts';
import { tour } from './tour.ts';

const page = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

void t.test('the tour', async t => {
  const place = new Workplace();
  t.teardown(() => place.end());
  const steps = stepsOf(page);
  t.ok(steps.length >= 10, 'there is a tour');
  await tour(t, place, steps);
});
