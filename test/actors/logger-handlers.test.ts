/** The log's primary configuration, filters and handlers: the rules of Erlang's `logger`. */
import t from 'tap';
import {
  exit,
  genEvent,
  isAlive,
  logger,
  processInfo,
  self,
  send,
  spawn,
  whereis,
} from '../../actors/index.ts';
import type { LogEvent, Pid } from '../../actors/index.ts';
import { WAITING_EVENTS_LIMIT } from '../../actors/logger/handlers.ts';
import { settle } from '../../actors/testing.ts';
import { captureLog } from './capture-log.ts';

/** A handler that keeps what it is given. */
function keeper() {
  const events: LogEvent[] = [];
  const asked: unknown[] = [];
  const module: logger.LogHandler<unknown> = {
    log: event => {
      events.push(event);
    },
    addingHandler(config) {
      asked.push(['adding', config.id]);
      return ['ok', config];
    },
    removingHandler({ id }) {
      asked.push(['removing', id]);
    },
  };
  const texts = () =>
    events.map(({ report }) => (report.kind === 'message' ? report.text : report.kind));
  return { module, events, asked, texts };
}

const say = (text: string, level: 'info' | 'error' | 'critical' = 'info') =>
  logger.log(level, text);

t.afterEach(async () => {
  for (const id of logger.getHandlerIds()) await logger.removeHandler(id);
  logger.setPrimaryConfig('level', 'all');
  logger.setPrimaryConfig('filters', []);
  logger.setPrimaryConfig('filterDefault', 'log');
});

void t.test('a function for each level; levels are compared by how severe they are', t => {
  const sunk = captureLog(t);
  const levels = [
    'emergency',
    'alert',
    'critical',
    'error',
    'warning',
    'notice',
    'info',
    'debug',
  ] as const;
  for (const level of levels) t.equal(logger[level]('said', { level }), 'ok');
  t.same(
    sunk.map(({ level, report }) => [level, report]),
    levels.map(level => [level, { kind: 'message', text: 'said', level }]),
  );
  const order = ['none', ...levels, 'all'] as const;
  for (const [first, one] of order.entries()) {
    for (const [second, other] of order.entries()) {
      const expected = first === second ? 'eq' : first < second ? 'gt' : 'lt';
      t.equal(logger.compareLevels(one, other), expected, `${one} and ${other}`);
    }
  }
  t.throws(() => logger.compareLevels('info', 'loud' as never), RangeError);
  for (const bad of [undefined, 'all', 'loud', null, 5]) {
    t.throws(() => logger.log(bad as never, 'said'), /expected a level to log at/);
  }
  t.end();
});

void t.test('the primary level holds for the sink and for handlers', async t => {
  const sunk = captureLog(t);
  const { module, texts } = keeper();
  t.equal(await logger.addHandler('kept', module), 'ok');
  logger.setPrimaryConfig('level', 'error');
  say('quiet');
  say('loud', 'error');
  say('louder', 'critical');
  logger.setPrimaryConfig('level', 'none');
  say('loud', 'critical');
  await settle();
  t.same(texts(), ['loud', 'louder']);
  t.equal(sunk.length, 2);
  t.match(logger.getPrimaryConfig(), { level: 'none', filters: [], filterDefault: 'log' });
  t.throws(
    () => logger.setPrimaryConfig('level', 'loud' as never),
    /expected a log level \(emergency.*got loud/,
  );
  t.throws(() => logger.setPrimaryConfig('nothing' as never, 1 as never), /one of level, filters/);
  t.throws(() => logger.setPrimaryConfig('filterDefault', 1 as never), /'log' or 'stop', got 1/);
});

void t.test('primary filters stop, change, ignore; the default decides; a failing one goes', t => {
  const sunk = captureLog(t);
  const texts = () => sunk.splice(0).map(({ report }) => (report as { text: string }).text);
  const stopSecrets: logger.Filter = [
    ({ report }, word) => (report.kind === 'message' && report.text === word ? 'stop' : 'ignore'),
    'secret',
  ];
  const louder: logger.Filter = [
    event => (event.level === 'info' ? { ...event, level: 'notice' } : 'ignore'),
    undefined,
  ];
  t.equal(logger.addPrimaryFilter('secrets', stopSecrets), 'ok');
  t.same(logger.addPrimaryFilter('secrets', stopSecrets), ['error', ['already_exist', 'secrets']]);
  logger.addPrimaryFilter('louder', louder);
  say('secret');
  say('known');
  t.equal(sunk[0]?.level, 'notice');
  t.same(texts(), ['known']);
  logger.setPrimaryConfig('filterDefault', 'stop');
  say('ignored by all', 'error');
  say('changed by one');
  t.same(texts(), ['changed by one']);
  logger.setPrimaryConfig('filterDefault', 'log');
  const broken: logger.Filter = [
    () => {
      throw new Error('broken');
    },
    undefined,
  ];
  logger.addPrimaryFilter('broken', broken);
  logger.addPrimaryFilter('nonsense', [() => 7 as never, undefined]);
  say('goes on');
  t.same(texts(), [
    'a primary log filter failed and was removed',
    'a primary log filter failed and was removed',
    'goes on',
  ]);
  say('again');
  t.same(texts(), ['again']);
  t.equal(logger.removePrimaryFilter('louder'), 'ok');
  t.same(logger.removePrimaryFilter('louder'), ['error', ['not_found', 'louder']]);
  t.throws(() => logger.addPrimaryFilter('x', 'y' as never), /an id and \[function, argument\]/);
  t.end();
});

void t.test('a handler is told in a process of its own, after who logs has gone on', async t => {
  captureLog(t);
  const { module, events } = keeper();
  let inside: Pid | undefined;
  await logger.addHandler('kept', {
    log(event, config) {
      inside = self();
      void module.log(event, config);
    },
  });
  const pid = spawn(() => {
    logger.log('notice', 'hello', { detail: 1 });
    t.same(events, [], 'not at once');
  });
  send(pid, 1);
  await settle();
  t.match(events, [
    { level: 'notice', pid, report: { kind: 'message', text: 'hello', detail: 1 }, at: Number },
  ]);
  t.equal(inside, whereis('logger'));
  t.same(processInfo(inside as Pid)?.links, [], 'nobody’s child');
});

void t.test('a handler’s own level, filters and configuration', async t => {
  captureLog(t);
  const { module, texts } = keeper();
  t.equal(await logger.addHandler('kept', module, { level: 'error', config: { file: 'x' } }), 'ok');
  t.match(logger.getHandlerConfig('kept'), [
    'ok',
    { id: 'kept', level: 'error', config: { file: 'x' } },
  ]);
  const dropSecond: logger.Filter = [
    ({ report }) => (report.kind === 'message' && report.text === 'second' ? 'stop' : 'ignore'),
    undefined,
  ];
  t.equal(logger.addHandlerFilter('kept', 'drop', dropSecond), 'ok');
  t.same(logger.addHandlerFilter('kept', 'drop', dropSecond), ['error', ['already_exist', 'drop']]);
  say('first', 'error');
  say('second', 'error');
  say('too low');
  await settle();
  t.same(texts(), ['first']);
  t.equal(logger.setHandlerConfig('kept', 'level', 'all'), 'ok');
  t.equal(logger.removeHandlerFilter('kept', 'drop'), 'ok');
  t.same(logger.removeHandlerFilter('kept', 'drop'), ['error', ['not_found', 'drop']]);
  say('second');
  await settle();
  t.same(texts(), ['first', 'second']);
  t.equal(logger.setHandlerConfig('kept', 'filterDefault', 'stop'), 'ok');
  say('ignored by all filters');
  await settle();
  t.same(texts(), ['first', 'second']);
  t.throws(() => logger.setHandlerConfig('kept', 'level', 'loud' as never), /expected a log level/);
  t.throws(
    () => logger.setHandlerConfig('kept', 'nothing' as never, 1 as never),
    /one of level, filters/,
  );
  for (const answer of [
    logger.setHandlerConfig('none', 'level', 'all'),
    logger.setHandlerConfig('none', { level: 'all' }),
    logger.updateHandlerConfig('none', 'level', 'all'),
    logger.updateHandlerConfig('none', { level: 'all' }),
    logger.getHandlerConfig('none'),
    logger.addHandlerFilter('none', 'x', dropSecond),
    logger.removeHandlerFilter('none', 'x'),
    await logger.removeHandler('none'),
  ]) {
    t.same(answer, ['error', ['not_found', 'none']]);
  }
});

void t.test(
  'set puts the defaults where nothing is named, update leaves what is there',
  async t => {
    captureLog(t);
    const { module, texts } = keeper();
    const filters: logger.Filters = [['none', [() => 'ignore', undefined]]];
    await logger.addHandler('kept', module, { level: 'error', filters, config: { file: 'x' } });
    const config = () => logger.getHandlerConfig('kept')[1];
    t.equal(logger.updateHandlerConfig('kept', { level: 'critical', config: { dir: 'y' } }), 'ok');
    const updated = { id: 'kept', level: 'critical', filters, filterDefault: 'log' } as const;
    t.same(config(), { ...updated, config: { dir: 'y' } }, 'config is put whole, not merged');
    t.equal(logger.updateHandlerConfig('kept', 'filterDefault', 'stop'), 'ok');
    t.equal(logger.updateHandlerConfig('kept', {}), 'ok');
    t.same(config(), { ...updated, filterDefault: 'stop', config: { dir: 'y' } });
    t.equal(logger.setHandlerConfig('kept', { level: 'notice' }), 'ok');
    const set = {
      id: 'kept',
      level: 'notice',
      filters: [],
      filterDefault: 'log',
      config: undefined,
    };
    t.same(config(), set);
    t.same(logger.getHandlerConfig(), [set]);
    say('too low', 'info');
    say('heard', 'error');
    await settle();
    t.same(texts(), ['heard'], 'it holds for the next event');

    const illegal = ['error', ['illegal_config_change', { id: 'kept' }, { id: 'other' }]];
    t.same(logger.setHandlerConfig('kept', 'id', 'other'), illegal);
    t.same(logger.setHandlerConfig('kept', { id: 'other', level: 'all' }), illegal);
    t.same(logger.updateHandlerConfig('kept', { id: 'other', level: 'all' }), illegal);
    t.equal(logger.setHandlerConfig('kept', set as logger.HandlerConfig), 'ok', 'its own id');
    for (const change of [logger.setHandlerConfig, logger.updateHandlerConfig]) {
      t.throws(
        () => change('kept', { level: 'all', filter: 1 } as never),
        /one of level.*got filter/,
      );
      t.throws(() => change('none', { level: 'loud' as never }), RangeError, 'before who is meant');
      t.throws(() => change('kept', [] as never), /logger expects a configuration to be an object/);
      t.throws(() => change('kept', undefined as never), TypeError);
    }
    t.same(config(), set, 'what is refused changes nothing');
    await t.rejects(
      logger.addHandler('x', module, { filter: 1 } as never),
      /one of level.*got filter/,
    );
  },
);

void t.test('the primary configuration is set whole, or updated', t => {
  captureLog(t);
  const filters: logger.Filters = [['none', [() => 'ignore', undefined]]];
  logger.setPrimaryConfig({ level: 'error', filters });
  t.same(logger.getPrimaryConfig(), { level: 'error', filters, filterDefault: 'log' });
  t.equal(logger.updatePrimaryConfig({ filterDefault: 'stop' }), 'ok');
  t.same(logger.getPrimaryConfig(), { level: 'error', filters, filterDefault: 'stop' });
  t.throws(() => logger.updatePrimaryConfig({ level: 'loud' as never }), RangeError);
  t.throws(() => logger.setPrimaryConfig({ config: 1 } as never), /one of level.*got config/);
  t.throws(() => logger.setPrimaryConfig([] as never), /a configuration to be an object, got/);
  t.equal(logger.setPrimaryConfig({}), 'ok');
  t.same(logger.getPrimaryConfig(), { level: 'all', filters: [], filterDefault: 'log' });
  t.end();
});

void t.test('a handler’s filter that fails is removed, the handler stays', async t => {
  const sunk = captureLog(t);
  const { module, texts } = keeper();
  await logger.addHandler('kept', module);
  logger.addHandlerFilter('kept', 'broken', [
    () => {
      throw new Error('broken');
    },
    undefined,
  ]);
  say('first');
  await settle();
  t.equal(texts()[0], 'first');
  t.match(sunk[1]?.report, { kind: 'message', handler: 'kept', filter: 'broken' });
  t.match(logger.getHandlerConfig('kept'), ['ok', { filters: [] }]);
});

void t.test('adding and removing', async t => {
  captureLog(t);
  const { module, asked, texts } = keeper();
  t.equal(await logger.addHandler('kept', module), 'ok');
  t.same(await logger.addHandler('kept', module), ['error', ['already_exist', 'kept']]);
  t.same(logger.getHandlerIds(), ['kept']);
  t.equal(await logger.removeHandler('kept'), 'ok');
  t.same(asked, [
    ['adding', 'kept'],
    ['removing', 'kept'],
  ]);
  say('nobody hears');
  await settle();
  t.same(texts(), []);
  const refusing: logger.LogHandler<unknown> = {
    ...module,
    addingHandler: () => ['error', 'no disk'],
  };
  t.same(await logger.addHandler('refused', refusing), [
    'error',
    ['handler_not_added', ['error', 'no disk']],
  ]);
  const completing: logger.LogHandler<string> = {
    log: () => undefined,
    addingHandler: async config => Promise.resolve(['ok', { ...config, config: 'completed' }]),
  };
  await logger.addHandler('completing', completing, { config: '' });
  t.match(logger.getHandlerConfig('completing'), ['ok', { config: 'completed' }]);
  t.same(logger.getHandlerIds(), ['completing']);
  await t.rejects(logger.addHandler('x', {} as never), /a function log/);
  await t.rejects(
    logger.addHandler('x', module, { level: 'loud' as never }),
    /expected a log level/,
  );
  await t.rejects(logger.addHandler('x', module, { filters: 1 as never }), /list of \[id/);
});

void t.test(
  'a handler that fails is removed and reported; the others and the log go on',
  async t => {
    const sunk = captureLog(t);
    const kept = keeper();
    const failing = keeper();
    await logger.addHandler('kept', kept.module);
    await logger.addHandler('failing', {
      ...failing.module,
      log: () => {
        throw new Error('no disk');
      },
    });
    say('first');
    await settle();
    t.same(failing.asked.at(-1), ['removing', 'failing']);
    t.same(logger.getHandlerIds(), ['kept']);
    t.match(sunk[1]?.report, { handler: '[logger_handler, failing]' });
    say('second');
    await settle();
    t.same(kept.texts(), ['first', 'a gen_event handler crashed and was removed', 'second']);
  },
);

void t.test('a manager that is killed comes back with its handlers', async t => {
  captureLog(t);
  const { module, texts, asked } = keeper();
  await logger.addHandler('kept', module);
  const first = whereis('logger') as Pid;
  exit(first, 'kill');
  t.notOk(isAlive(first));
  say('after the kill');
  await settle();
  t.same(texts(), ['after the kill']);
  t.same(asked, [
    ['adding', 'kept'],
    ['adding', 'kept'],
  ]);
  await genEvent.stop('logger');
  t.same(logger.getHandlerIds(), ['kept'], 'nor does it forget them when it is stopped');
  const other = keeper();
  t.equal(await logger.addHandler('other', other.module), 'ok');
  say('both');
  await settle();
  t.same(texts().at(-1), 'both');
  t.same(other.texts(), ['both']);
});

void t.test('events that come faster than handlers take them are dropped, and counted', async t => {
  captureLog(t);
  const { module, texts } = keeper();
  await logger.addHandler('kept', module);
  for (let n = 0; n < WAITING_EVENTS_LIMIT + 5; n += 1) say(`event ${n}`);
  await settle();
  t.equal(texts().length, WAITING_EVENTS_LIMIT);
  say('the next one');
  await settle();
  t.same(texts().slice(-2), [
    'the log’s handlers are too slow: events were dropped',
    'the next one',
  ]);
});

void t.test('a process that dies is reported to handlers too', async t => {
  captureLog(t);
  const { module, events } = keeper();
  await logger.addHandler('kept', module);
  const pid = spawn(() => exit('a reason'), { label: 'crasher' });
  send(pid, 1);
  await settle();
  t.match(events, [{ level: 'error', pid, report: { kind: 'crash', error: 'a reason' } }]);
});
