import t from 'tap';
import * as actors from '../../../actors/index.ts';

void t.test('gen_server has one name for all of it, and each function its own', async t => {
  const { genServer, ...others } = actors;
  t.strictSame(Object.keys(genServer).sort(), [
    'abcast',
    'call',
    'cast',
    'checkResponse',
    'enterLoop',
    'multiCall',
    'receiveResponse',
    'reply',
    'reqidsAdd',
    'reqidsNew',
    'reqidsSize',
    'reqidsToList',
    'sendRequest',
    'start',
    'startLink',
    'startMonitor',
    'stop',
    'waitResponse',
  ]);
  for (const [name, value] of Object.entries(genServer))
    t.equal(others[name as keyof typeof others], value, name);
});

void t.test('what the behaviours share is the same function', async t => {
  const { genServer, genStatem } = actors;
  for (const name of ['cast', 'stop', 'sendRequest', 'checkResponse', 'reqidsNew'] as const)
    t.equal(genStatem[name], genServer[name], name);
});
