import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { XmppServer, type XmppServerKind } from '../../../lab/xmpp/xmpp-server.ts';

function kindOf(command: { program: string; args: string[] }) {
  const seen: { directory: string } = { directory: '' };
  const kind: XmppServerKind = {
    name: 'pretended',
    missing: () => Promise.resolve(null),
    prepare: ({ directory, port }) => {
      seen.directory = directory;
      const args = command.args.map(arg => arg.replace('PORT', String(port)));
      return Promise.resolve({ program: command.program, args });
    },
    register: () => Promise.resolve(),
  };
  return { kind, seen };
}

void t.test('it runs until it is ended, and leaves nothing behind', async t => {
  const program = `require('net').createServer().listen(PORT, '127.0.0.1')`;
  const { kind, seen } = kindOf({ program: process.execPath, args: ['-e', program] });
  const server = await XmppServer.start(kind, ['u0', 'u1']);
  t.same(
    server.accounts.map(({ user }) => user),
    ['u0', 'u1'],
  );
  const { pid } = server;
  await server.end();
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'the process is gone');
  t.notOk(existsSync(seen.directory), 'its directory is gone');
});

void t.test('one that does not start says what it wrote', async t => {
  const program = `console.error('no such option: x'); process.exit(3)`;
  const { kind, seen } = kindOf({ program: process.execPath, args: ['-e', program] });
  await t.rejects(XmppServer.start(kind, []), /pretended ended .*\n.*no such option: x/s);
  t.notOk(existsSync(seen.directory));
  t.ok(existsSync(dirname(seen.directory)));
  await t.rejects(
    XmppServer.start(kindOf({ program: '/nowhere/at/all', args: [] }).kind, []),
    /ENOENT/,
  );
});
