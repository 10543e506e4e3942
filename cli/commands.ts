/** The commands: what each is for, and where its options and its work are, loaded when it is asked for. */
import type { Command } from 'commander';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Gives what adds the command's options and action. */
  readonly load: () => Promise<(command: Command) => void>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'run a server',
    load: async () => (await import('./commands/serve.ts')).defineServe,
  },
  {
    name: 'config',
    summary: 'print what the server would run with, and where each value comes from',
    load: async () => (await import('./commands/config.ts')).defineConfig,
  },
  {
    name: 'register',
    summary: 'make an account, with this home as its first device',
    load: async () => (await import('./commands/register.ts')).defineRegister,
  },
  {
    name: 'send',
    summary: 'send one message',
    load: async () => (await import('./commands/send.ts')).defineSend,
  },
  {
    name: 'listen',
    summary: 'print what arrives',
    load: async () => (await import('./commands/listen.ts')).defineListen,
  },
  {
    name: 'group',
    summary: 'create a group, change it, look at it',
    load: async () => (await import('./commands/group.ts')).defineGroup,
  },
  {
    name: 'device',
    summary: 'link, approve, list and remove the devices of an account',
    load: async () => (await import('./commands/device.ts')).defineDevice,
  },
  {
    name: 'block',
    summary: 'take no more messages from a user',
    load: async () => (await import('./commands/block.ts')).defineBlock,
  },
  {
    name: 'unblock',
    summary: 'take messages from a user again',
    load: async () => (await import('./commands/block.ts')).defineUnblock,
  },
  {
    name: 'whoami',
    summary: 'tell whose device a home is',
    load: async () => (await import('./commands/whoami.ts')).defineWhoami,
  },
  {
    name: 'invite',
    summary: 'make an invite code (needs the admin token)',
    load: async () => (await import('./commands/invite.ts')).defineInvite,
  },
  {
    name: 'backup',
    summary: 'copy the data of a running server (needs the admin token)',
    load: async () => (await import('./commands/backup.ts')).defineBackup,
  },
  {
    name: 'restore',
    summary: 'put a backup into the place of a stopped server’s data',
    load: async () => (await import('./commands/backup.ts')).defineRestore,
  },
  {
    name: 'upgrade',
    summary:
      'give a running server the code of this program, connections stay open (needs the admin token)',
    load: async () => (await import('./commands/upgrade.ts')).defineUpgrade,
  },
  {
    name: 'code',
    summary:
      'look at, load and take back the code of a running server, connections stay open (needs the admin token)',
    load: async () => (await import('./commands/code.ts')).defineCode,
  },
  {
    name: 'observe',
    summary: 'show what goes on in a running server (needs the admin token)',
    load: async () => (await import('./commands/observe.ts')).defineObserve,
  },
  {
    name: 'chaos',
    summary: 'kill processes of a server of its own under load, and tell whether the promises held',
    load: async () => (await import('./commands/chaos.ts')).defineChaos,
  },
  {
    name: 'replay',
    summary:
      'run the step that crashed a process once more, from a file that `serve --crashes` kept',
    load: async () => (await import('./commands/replay.ts')).defineReplay,
  },
  {
    name: 'bench',
    summary: 'measure this machine: actors, relay or recovery, next to a baseline',
    load: async () => (await import('../bench/command.ts')).defineBench,
  },
];
