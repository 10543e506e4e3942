import type {
  DeviceStore,
  InboxStore,
  LoadedInbox,
  OutboxStore,
} from '../protocol/device/store.ts';

export interface MortalStore {
  readonly store: DeviceStore;
  /** Rows that waited for the application when the inbox was opened. */
  readonly waiting: number;
  /** From now on nothing is stored, as if the program had been killed; what it does later reaches nobody. */
  die(): void;
}

/** A device's store seen by one life of a client. The store itself stays for the next life. */
export function mortalStore(store: DeviceStore): MortalStore {
  let dead = false;
  let waiting = 0;
  const untilDeath =
    <C>(commit: (changes: readonly C[]) => void | Promise<void>) =>
    (changes: readonly C[]) =>
      dead ? undefined : commit(changes);

  const outbox = (opened: OutboxStore): OutboxStore => ({
    load: () => opened.load(),
    commit: untilDeath(changes => opened.commit(changes)),
    sentAfter: seq => opened.sentAfter(seq),
    close: () => opened.close(),
  });
  const inbox = (opened: InboxStore): InboxStore => ({
    load: async (): Promise<LoadedInbox> => {
      const loaded = await opened.load();
      waiting = loaded.waiting.length;
      return loaded;
    },
    commit: untilDeath(changes => opened.commit(changes)),
    close: () => opened.close(),
  });
  return {
    store: {
      identity: () => store.identity(),
      saveIdentity: identity => (dead ? undefined : store.saveIdentity(identity)),
      openOutbox: async () => outbox(await store.openOutbox()),
      openInbox: async () => inbox(await store.openInbox()),
    },
    get waiting() {
      return waiting;
    },
    die: () => {
      dead = true;
    },
  };
}
