/**
 * ejabberd as the distribution installs it (Debian: package `ejabberd`), with a configuration for loopback: no TLS, no
 * shaper, no log of stanzas, accounts and offline messages in Mnesia, stream management. It is started without
 * `ejabberdctl`, which wants to change the user and to start Erlang's port mapper for the whole machine.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { erlangIsInstalled } from '../erlang.ts';
import type { XmppPlace, XmppServerKind } from './xmpp-server.ts';

const script = '/usr/sbin/ejabberdctl';
const install =
  'ejabberd is not installed: `apt-get install ejabberd` (the service need not run) and measure again.';
const registrationsAtOnce = 16;

/** @param archive keep every message in an archive (XEP-0313, in Mnesia), which it does not otherwise */
export const ejabberd = ({ archive }: { readonly archive: boolean }): XmppServerKind => ({
  name: 'ejabberd',

  async missing() {
    return (await erlangIsInstalled()) && existsSync(script) ? null : install;
  },

  async prepare({ directory, port, adminPort }) {
    const config = join(directory, 'ejabberd.yml');
    const spool = join(directory, 'spool');
    await mkdir(spool);
    await writeFile(config, configuration(port, adminPort, archive));
    return {
      program: 'erl',
      args: [
        ...['-noinput', '+K', 'true', '+P', '250000'],
        ...['-mnesia', 'dir', JSON.stringify(spool)],
        ...['-s', 'ejabberd'],
      ],
      env: {
        HOME: directory,
        ERL_LIBS: await libraries(),
        ERL_CRASH_DUMP_BYTES: '0',
        EJABBERD_CONFIG_PATH: config,
        EJABBERD_LOG_PATH: join(directory, 'ejabberd.log'),
      },
    };
  },

  async register({ adminPort, users, password }: XmppPlace) {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let user = users[next++]; user !== undefined; user = users[next++]) {
        const response = await fetch(`http://127.0.0.1:${adminPort}/api/register`, {
          method: 'POST',
          body: JSON.stringify({ user, host: 'localhost', password }),
        });
        if (!response.ok)
          throw new Error(`ejabberd did not register ${user}: ${await response.text()}`);
      }
    };
    await Promise.all(Array.from({ length: registrationsAtOnce }, work));
  },
});

/** Where its modules are: the start script knows. */
async function libraries(): Promise<string> {
  const found = /^ERL_LIBS='([^']+)'$/m.exec(await readFile(script, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${script} does not say where ejabberd's modules are`);
  return found;
}

const configuration = (port: number, adminPort: number, archive: boolean): string => `
hosts: [localhost]
loglevel: error
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    access: all
    shaper: none
    max_stanza_size: 262144
  - port: ${adminPort}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /api: mod_http_api
api_permissions:
  "the lab":
    who: all
    what: [register]
auth_method: internal
auth_password_format: plain
modules:
  mod_disco: {}
  mod_offline: {}
  mod_roster: {}
  mod_stream_mgmt: {}
${archive ? '  mod_mam: { default: always }\n' : ''}`;
