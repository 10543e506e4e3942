import t from 'tap';
import { code, start } from '../../../actors/index.ts';
import type { UserId } from '../../../protocol/ids.ts';
import { compileLoad } from '../../../server/code/compile-load.ts';
import { smokeState } from '../../../server/code/smoke.ts';
import { defineModules } from '../../../server/code/swappable.ts';
import * as handlers from '../../../server/code/public/server.ts';
import { answerRequest } from '../../../server/handlers/contract.ts';
import { dev } from '../../contract/shard/fixture.ts';

defineModules();

/** Says what is no packet, or has fields that are none. */
const wrong: readonly (readonly [
  string,
  (state: ReturnType<typeof smokeState>) => void,
  RegExp,
])[] = [
  [
    'say',
    state => handlers.say(state, { kind: 'pong', token: 'x' } as never),
    /the pong packet that it says: token must be an integer/,
  ],
  ['say', state => handlers.say(state, { kind: 'nonsense' } as never), /the nonsense packet/],
  [
    'sayWithNext',
    state => handlers.sayWithNext(state, { kind: 'pong' } as never),
    /the pong packet/,
  ],
  ['sayAccepted', state => handlers.sayAccepted(state, -1), /the accepted packet/],
  [
    'sayError',
    state => handlers.sayError(state, 'bad_field', { field: 3 } as never),
    /the error packet that it says: field must be/,
  ],
  [
    'closeWith',
    state => handlers.closeWith(state, 'going_away', 3 as never),
    /the close packet that it says: message must be/,
  ],
];

for (const [what, does, sentence] of wrong)
  void t.test(`${what} refuses what no client could read: ${sentence.source}`, t => {
    const state = smokeState();
    state.phase = 'active';
    t.throws(
      () => {
        does(state);
      },
      { name: 'TypeError', message: sentence },
    );
    t.same(state.out, []);
    t.end();
  });

void t.test('what can be read is said', async t => {
  const state = smokeState();
  state.phase = 'active';
  await start(
    {
      init() {
        handlers.say(state, { kind: 'pong', token: 1 });
        handlers.sayError(state, 'bad_field', { field: 'x' });
        handlers.sayAccepted(state, 3);
        return ['ok', undefined];
      },
    },
    undefined,
  );
  t.match(state.out, [
    { kind: 'pong' },
    { kind: 'error', field: 'x' },
    { kind: 'accepted', upTo: 3 },
  ]);
});

void t.test('a request handler that was loaded answers with what can be read', async t => {
  const source = `exports.default = async (_, { users }) => (users.length === 0 ? { users: [] } : { users: 'all' });`;
  const file = { path: 'requests/devices.ts', filename: '/h/requests/devices.ts', code: source };
  await code.upgrade(
    compileLoad({ id: 1, files: [file], modules: [{ name: 'requests/devices', path: file.path }] }),
  );
  const ask = (users: UserId[]) =>
    answerRequest('devices', { device: dev('ann'), user: 'ann' as UserId, shards: 1 }, { users });
  t.same(await ask([]), { users: [] });
  await t.rejects(ask(['bob' as UserId]), {
    name: 'TypeError',
    message: /the reply packet that it says: value\.users must be/,
  });
});
