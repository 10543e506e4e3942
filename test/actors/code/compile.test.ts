import t from 'tap';
import { code } from '../../../actors/index.ts';
import { freshName, version } from './versions.ts';

const FILE = '/handlers/greet.ts';

function compile(source: string, resolve = (specifier: string): object => ({ specifier })) {
  return code.compile({ name: 'greet', filename: FILE, source, resolve });
}

function failure(source: string, resolve?: (specifier: string) => object): code.CodeError {
  try {
    compile(source, resolve);
  } catch (thrown) {
    if (thrown instanceof code.CodeError) return thrown;
    throw thrown;
  }
  throw new Error('it compiled');
}

void t.test('exports, require and the names of the file', t => {
  const { exports, name, filename, source } = compile(
    "exports.a = require('x'); exports.where = [__filename, __dirname, module.exports === exports];",
  );
  t.same(exports, { a: { specifier: 'x' }, where: [FILE, '/handlers', true] });
  t.same([name, filename], ['greet', FILE]);
  t.match(source, /exports.a/);
  t.same(compile('module.exports = { only: 1 }').exports, { only: 1 });
  t.equal(compile('exports.E = Error').exports['E' as never], Error, 'in the same realm');
  t.end();
});

void t.test('an error tells the file, the line, and what to do', t => {
  const broken = failure('exports.a = 1;\nexports.b = ;\n');
  t.match(broken, { code: 'compile_failed', filename: FILE, line: 2 });
  t.match(
    broken.message,
    /^\/handlers\/greet\.ts:2: SyntaxError: .*mend the file and load it again/,
  );
  const thrown = failure('exports.a = 1;\n\n  undefined.b;\n');
  t.match(thrown, { line: 3, column: 13 });
  t.match(thrown.message, /^\/handlers\/greet\.ts:3:13: TypeError: Cannot read/);
  const refused = failure("\nconst fs = require('fs');", () => {
    throw new Error('"fs" cannot be imported here');
  });
  t.match(refused, { line: 2, message: /"fs" cannot be imported here/ });
  t.match(failure('module.exports = 1'), { message: /must be an object/ });
  t.match(failure("throw 'text'"), { message: /: text;/ });
  t.end();
});

void t.test('an error in a file that is required is told of that file', t => {
  const inner = failure("exports.x = require('./inner')", () => compile('\n\n\n)').exports);
  t.match(inner, { line: 4 });
  t.notMatch(inner.message, /compile_failed.*compile_failed/);
  t.end();
});

void t.test('a transform comes first; where it finds an error is told', t => {
  t.teardown(() => code.setTransform(undefined));
  code.setTransform((source, filename) => {
    if (source.includes('!!')) {
      throw Object.assign(new SyntaxError('Unexpected token'), { loc: { line: 7, column: 3 } });
    }
    return source.replace(': string', '').replace('FILE', JSON.stringify(filename));
  });
  t.same(compile('const a: string = FILE; exports.a = a;').exports, { a: FILE });
  t.match(failure('!!'), { line: 7, column: 3, filename: FILE });
  t.equal(compile('exports.a = FILE').source, 'exports.a = FILE', 'the source is kept as it was');
  t.end();
});

void t.test('lines in the stack traces of what is loaded are those of the source', t => {
  t.plan(1);
  const { crash } = compile(
    'exports.crash = function crash() {\n  // a comment\n  throw new Error("here");\n};',
  ).exports as { crash: () => void };
  try {
    crash();
  } catch (thrown) {
    t.match((thrown as Error).stack, /at crash \(\/handlers\/greet\.ts:3:9\)/);
  }
});

void t.test('the hash is that of the source and of what it required', t => {
  const helper = (source: string): code.Version => version('helper', source);
  const user = (given: code.Version): string =>
    version('user', "exports.helper = require('helper')", { helper: given.exports }).hash;
  t.equal(user(helper('exports.a = 1')), user(helper('exports.a = 1')));
  t.not(user(helper('exports.a = 1')), user(helper('exports.a = 2')));
  t.not(compile('exports.a = 1').hash, compile('exports.a = 2').hash);
  t.end();
});

void t.test('what is required later does no harm', async t => {
  const { later } = compile("exports.later = () => require('late')").exports as {
    later: () => unknown;
  };
  t.same(later(), { specifier: 'late' });
});

void t.test('the vsn is what the exports say, else the hash', t => {
  t.equal(compile('exports.vsn = 7; exports.default = { vsn: 8 }').vsn, 7);
  t.equal(compile('exports.default = { vsn: 8 }').vsn, 8);
  const plain = compile('exports.a = 1');
  t.equal(plain.vsn, plain.hash);
  const name = freshName();
  code.define(name, { default: { init() {}, vsn: 3 } });
  t.equal(code.builtIn(name).vsn, 3);
  t.end();
});
