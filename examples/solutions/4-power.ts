/** Lesson 4, exercise 2: what everything else needs comes first, and takes the rest with it. */
import { exit, setLogger, startLink, whereis } from '../../actors/index.ts';
import type { GenServer } from '../../actors/index.ts';
import { settle } from '../../actors/testing.ts';
import { supervisor } from '../../supervisors/index.ts';
import type { ChildSpec } from '../../supervisors/index.ts';

setLogger(() => undefined);

const part: GenServer<string, string> = {
  init(name) {
    console.log(`${name} starts`);
    return ['ok', name];
  },
};
const child = (id: string): ChildSpec => ({
  id,
  start: () => startLink(part, id, { name: id }),
});

await supervisor.startLink(() => [
  { strategy: 'rest_for_one' },
  [child('power'), child('left'), child('right')],
]);

console.log('right fails: the others go on');
exit(whereis('right')!, 'kill');
await settle();
console.log('the power fails: everything behind it starts anew');
exit(whereis('power')!, 'kill');
await settle();
