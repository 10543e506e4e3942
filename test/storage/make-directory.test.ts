import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeDirectory } from '../../storage/make-directory.ts';

void t.test('with all that it is to be in, for the owner alone', t => {
  const made = join(t.testdir(), 'a/b/c');
  makeDirectory(made);
  for (const path of [made, join(made, '..'), join(made, '../..')])
    t.equal(statSync(path).mode & 0o777, 0o700);
  t.end();
});

void t.test('one that is there stays as it is, also behind a link', t => {
  const there = join(t.testdir(), 'there');
  mkdirSync(there);
  chmodSync(there, 0o755);
  const link = join(there, '../link');
  symlinkSync(there, link);
  makeDirectory(there);
  makeDirectory(link);
  t.equal(statSync(there).mode & 0o777, 0o755);
  makeDirectory(join(link, 'in'));
  t.ok(existsSync(join(there, 'in')));
  t.end();
});

void t.test('what cannot be is told, at once', t => {
  const directory = t.testdir();
  const file = join(directory, 'file');
  writeFileSync(file, '');
  t.throws(() => makeDirectory(file), { code: 'EEXIST' });
  t.throws(() => makeDirectory(join(file, 'in')), { code: /^(ENOTDIR|EEXIST)$/ });
  symlinkSync(join(directory, 'nowhere'), join(directory, 'link'));
  t.throws(() => makeDirectory(join(directory, 'link')), { code: 'EEXIST' });
  if (existsSync('/proc/self')) t.throws(() => makeDirectory('/proc/x/y'), { code: 'ENOENT' });
  t.end();
});
