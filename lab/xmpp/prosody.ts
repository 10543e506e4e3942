/** Prosody as the distribution installs it (Debian: package `prosody`), with a configuration for loopback: no TLS, no limits, few modules. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { XmppServerKind } from './xmpp-server.ts';

const run = promisify(execFile);

export const prosody: XmppServerKind = {
  name: 'prosody',

  async missing() {
    try {
      await run('which', ['prosody']);
      return null;
    } catch {
      return 'Prosody is not installed: `apt-get install prosody` (the service need not run) and measure again.';
    }
  },

  async prepare({ directory, port, users, password }) {
    const config = join(directory, 'prosody.cfg.lua');
    const data = join(directory, 'data');
    await writeFile(config, configuration(directory, data, port));
    const accounts = join(data, 'localhost', 'accounts');
    await mkdir(accounts, { recursive: true });
    // The format of its own store: a file of Lua for each account.
    for (const user of users)
      await writeFile(join(accounts, `${user}.dat`), `return { ["password"] = "${password}" };\n`);
    return { program: 'prosody', args: ['--config', config, '-F'] };
  },

  register: () => Promise.resolve(),
};

const configuration = (directory: string, data: string, port: number): string => `
data_path = "${data}"
pidfile = "${join(directory, 'prosody.pid')}"
run_as_root = true
daemonize = false
log = { error = "*console" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
modules_enabled = { "roster"; "saslauth"; "disco"; "smacks" }
modules_disabled = { "s2s"; "tls" }
VirtualHost "localhost"
`;
