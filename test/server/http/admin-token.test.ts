import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { adminCheck, ensureAdminToken } from '../../../server/http/admin-token.ts';

const fresh = (t: Test): string => join(t.testdir({}), 'admin-token');
const modeOf = (file: string) => statSync(file).mode & 0o777;

void t.test('a token is made once, for its owner only', async t => {
  const file = fresh(t);
  const token = ensureAdminToken(file);
  t.match(token, /^[A-Za-z0-9_-]{43}$/);
  t.equal(readFileSync(file, 'utf8'), `${token}\n`);
  t.equal(modeOf(file), 0o600);
  t.equal(ensureAdminToken(file), token);
  t.not(ensureAdminToken(join(file, '../another')), token);
});

void t.test('a file that others may read is closed to them', async t => {
  const file = fresh(t);
  const token = ensureAdminToken(file);
  chmodSync(file, 0o644);
  t.equal(ensureAdminToken(file), token);
  t.equal(modeOf(file), 0o600);
});

void t.test('a file that holds something else is not taken for a token', async t => {
  const file = fresh(t);
  writeFileSync(file, '');
  t.throws(() => ensureAdminToken(file), /does not hold an admin token: remove it/);
});

void t.test('only the whole token passes', async t => {
  const isAdmin = adminCheck('token');
  t.ok(isAdmin('Bearer token'));
  for (const wrong of [undefined, '', 'Bearer ', 'Bearer toke', 'Bearer token ', 'Bearer Token']) {
    t.notOk(isAdmin(wrong));
  }
});
