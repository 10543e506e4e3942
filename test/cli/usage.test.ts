/** Wrong usage is a sentence and exit code 2; help is on stdout and no failure. */
import t from 'tap';
import { codeOf, Workplace } from './strowger.ts';

const place = new Workplace();
t.teardown(() => place.end());

void t.test('wrong usage', async t => {
  const register = ['register', '--handle', 'a', '--home', 'a'];
  const wrong: [args: string[], sentence: string][] = [
    [[], 'Usage: strowger'],
    [['lisen'], 'Did you mean listen?'],
    [['send'], "required option '--to <names>'"],
    [['send', '--to', 'bob', '--bodi', 'x'], 'Did you mean --body?'],
    [['send', '--to', 'bob', '--timeout', 'soon'], 'Give seconds'],
    [['send', '--to', 'bob', 'surplus'], 'too many arguments'],
    [['listen', '--count', '0'], 'Give a whole number from 1 on'],
    [['listen', '--timeout', '-1'], 'Give seconds'],
    [register, "required option '--server <url>'"],
    [[...register, '--server', 'localhost'], 'Give it as http://host:port'],
    [[...register, '--server', 'ftp://localhost'], 'Give it as http://host:port'],
    [[...register, '--server', 'http://localhost/chat'], 'nothing after it'],
    [['group'], 'Usage: strowger group'],
    [['group', 'creat'], 'Did you mean create?'],
    [['device', 'approve'], "missing required argument 'code'"],
    [['whoami', '--hom', 'x'], 'Did you mean --home?'],
  ];
  for (const [args, sentence] of wrong) {
    const outcome = await place.run(args);
    t.equal(outcome.code, 2, args.join(' '));
    t.equal(outcome.stdout, '');
    t.ok(outcome.stderr.includes(sentence), `${sentence}: ${outcome.stderr}`);
  }
});

void t.test('help and version', async t => {
  for (const args of [['--help'], ['help', 'send'], ['send', '--help'], ['serve', '--help']]) {
    const outcome = await place.run(args);
    t.equal(outcome.code, 0, args.join(' '));
    t.match(outcome.stdout, 'Usage: strowger');
  }
  t.match((await place.run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

void t.test('no home, and no server: coded sentences and exit code 1', async t => {
  const away = await place.run(['send', '--to', 'bob', '--body', 'x']);
  t.equal(away.code, 1);
  t.equal(codeOf(away), 'no_home');
  t.match(away.stderr, '.strowger', 'the home is ~/.strowger unless told');
  const named = await place.run(['whoami'], { environment: { STROWGER_HOME: 'elsewhere' } });
  t.match(named.stderr, 'elsewhere');
});
