import type { Table } from '../../../storage/mnesia/schema.ts';
import { defineTable } from '../../../storage/mnesia/schema.ts';

/** Tables that several tests use. */
export interface Mail {
  device: number;
  n: number;
  body: Uint8Array;
  note: string | null;
}

export const mail: Table<Mail> = defineTable<Mail>({
  name: 'mail',
  type: 'ordered_set',
  storage: 'disc_only_copies',
  attributes: { device: 'integer', n: 'integer', body: 'blob', note: { type: 'text', null: true } },
  key: ['device', 'n'],
});

export function mailOf(device: number, n: number, note: string | null = null): Mail {
  return { device, n, body: Buffer.from(`${device}/${n}`), note };
}

export interface Account {
  id: number;
  handle: string;
  city: string | null;
  profile: unknown;
}

export const account: Table<Account> = defineTable<Account>({
  name: 'account',
  type: 'set',
  storage: 'disc_copies',
  attributes: {
    id: 'integer',
    handle: 'text',
    city: { type: 'text', null: true },
    profile: 'term',
  },
  key: ['handle'],
  indexes: ['id', ['city', 'id']],
});

export function accountOf(
  id: number,
  city: string | null = null,
  profile: unknown = null,
): Account {
  return { id, handle: `user${id}`, city, profile };
}

export interface Tag {
  item: string;
  tag: string;
  weight: number | null;
}

export const tag: Table<Tag> = defineTable<Tag>({
  name: 'tag',
  type: 'bag',
  storage: 'ram_copies',
  attributes: { item: 'text', tag: 'text', weight: { type: 'real', null: true } },
  key: ['item'],
  indexes: ['tag'],
});

export interface Many {
  n: number;
  text: string;
}

/** A handle of its own each time: what it stands for is the definition, not the object. */
export function defineMany(): Table<Many> {
  return defineTable<Many>({
    name: 'many',
    type: 'ordered_set',
    storage: 'disc_only_copies',
    attributes: { n: 'integer', text: 'text' },
    key: ['n'],
  });
}
