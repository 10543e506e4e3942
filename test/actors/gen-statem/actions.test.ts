import t from 'tap';
import { listOf, timeoutOf } from '../../../actors/gen-statem/actions.ts';

/** Somebody who waits for a reply, as far as an action's shape is concerned. */
const from = { pid: undefined };

void t.test('one action is told from a list of them', async t => {
  for (const action of [
    'postpone',
    'hibernate',
    'pop_callback_module',
    100,
    Infinity,
    'infinity',
    ['postpone', true],
    ['hibernate', false],
    ['reply', from, 'value'],
    ['next_event', 'cast', 'content'],
    ['timeout', 'cancel'],
    ['timeout', 100, 'content'],
    ['timeout', 100, 'content', { abs: true }],
    ['state_timeout', 'update', 'content'],
    [['timeout', 'name'], 'cancel'],
    [['timeout', 'name'], 100, 'content'],
    [['timeout', 'name'], 'infinity', 'content'],
    [['timeout', { any: 'term' }], 100, 'content', [{ abs: true }]],
    ['change_callback_module', {}],
    ['push_callback_module', {}],
    ['rubbish', 1],
    'rubbish',
    null,
  ]) {
    t.same(listOf(action), [action], `one: ${JSON.stringify(action)}`);
    if (action !== 'rubbish' && action !== null) {
      t.same(listOf([action, action]), [action, action], `two: ${JSON.stringify(action)}`);
    }
    t.same(listOf([action]), [action], `a list of one: ${JSON.stringify(action)}`);
  }
  for (const list of [
    [],
    ['postpone', 'hibernate'],
    ['hibernate', ['postpone', true]],
    ['pop_callback_module', 'postpone'],
    ['infinity', 'postpone'],
    [100, 'postpone'],
    [['timeout', 'cancel'], 100],
    [
      ['timeout', 'cancel'],
      ['reply', from, 1],
    ],
    [
      ['reply', from, 1],
      ['timeout', 100, 1],
    ],
    [
      [['timeout', 'name'], 100, 1],
      [['timeout', 'name'], 'cancel'],
    ],
  ]) {
    t.same(listOf(list), list, `a list: ${JSON.stringify(list)}`);
  }
});

void t.test('timeouts: what they ask for', async t => {
  const same = (action: unknown, wanted: unknown): void => {
    t.same(timeoutOf(action), wanted, JSON.stringify(action));
  };
  const asked = (type: unknown, time: unknown, content: unknown, absolute = false) => ({
    type,
    time,
    content,
    absolute,
  });
  same(100, asked('timeout', 100, 100));
  same(0, asked('timeout', 0, 0));
  same('infinity', asked('timeout', Infinity, 'infinity'));
  same(Infinity, asked('timeout', Infinity, Infinity));
  same(['timeout', 5, 'x'], asked('timeout', 5, 'x'));
  same(['state_timeout', 'infinity', 'x'], asked('state_timeout', Infinity, 'x'));
  same([['timeout', 'n'], 5, 'x', []], asked(['timeout', 'n'], 5, 'x'));
  same(['timeout', 5, 'x', { abs: false }], asked('timeout', 5, 'x'));
  same(['timeout', 5, 'x', ['abs', true]], asked('timeout', 5, 'x', true));
  same(['timeout', -5, 'x', { abs: true }], asked('timeout', -5, 'x', true));
  same(['timeout', 5, 'x', [{ abs: true }, ['abs', false]]], asked('timeout', 5, 'x'));
  same(['timeout', 'update', 'x'], asked('timeout', 'update', 'x'));
  same(['state_timeout', 'cancel'], asked('state_timeout', Infinity, undefined));
  for (const bad of [
    -1,
    NaN,
    -Infinity,
    'cancel',
    {},
    ['timeout'],
    ['timeout', 5],
    ['timeout', 'soon', 'x'],
    ['timeout', 'cancel', 'x'],
    ['timeout', -1, 'x'],
    ['timeout', NaN, 'x', { abs: true }],
    ['timeout', 'update', 'x', []],
    ['timeout', 5, 'x', { abs: 'yes' }],
    ['timeout', 5, 'x', {}],
    ['timeout', 5, 'x', null],
    ['timeout', 5, 'x', [7]],
    ['timeout', 5, 'x', [], 'more'],
    [['timeout'], 5, 'x'],
    [['timeout', 1, 2], 5, 'x'],
    ['other_timeout', 5, 'x'],
  ]) {
    same(bad, undefined);
  }
});
