/** Each rule of delivery with a broken one in its place, and what its absence does to somebody. */
import { newInbox } from '../../../../protocol/delivery/inbox.ts';
import { theRules, type Rules } from './rules.ts';
import type { Mixture } from './world.ts';

export interface BrokenRule {
  readonly name: string;
  /** What the rule is for. */
  readonly without: string;
  readonly rules: Partial<Rules>;
  /** What brings it out. */
  readonly often?: Partial<Mixture>;
}

const real = theRules;

export const brokenRules: readonly BrokenRule[] = [
  {
    name: 'prev',
    without: 'a send overtakes the lost or refused one before it',
    rules: { judge: (state, offer) => real.judge(state, { ...offer, prev: 0 }) },
  },
  {
    name: 'upTo',
    without: 'a repeated send is stored again',
    rules: {
      judge: (state, offer) => {
        const judgement = real.judge(state, offer);
        return judgement === 'accepted_again' ? 'fresh' : judgement;
      },
    },
  },
  {
    name: 'seen',
    without: 'a refusal is forgotten, and its repeat accepted later',
    often: { 'block changes': 4, 'session dies': 4, 'device leaves': 4 },
    rules: { refuse: state => state },
  },
  {
    name: 'rev (server)',
    without: 'a repaired send is taken for the refused one',
    rules: { judge: (state, offer) => real.judge(state, { ...offer, rev: 0 }) },
  },
  {
    name: 'rev (device)',
    without: 'a repaired send looks like the refused one',
    rules: {
      answerRefusal: (state, entry, why, self) => {
        const answer = real.answerRefusal(state, entry, why, self);
        if (answer.kind !== 'repaired') return answer;
        const same = { ...answer.entry, rev: entry.rev };
        state.entries[state.entries.indexOf(answer.entry)] = same;
        return { kind: 'repaired', entry: same };
      },
    },
  },
  {
    name: 'settle upTo',
    without: 'what is accepted stays in the outbox',
    rules: {
      settle: (state, verdict) => ({ ...real.settle({ ...state, entries: [] }, verdict) }),
    },
  },
  {
    name: 'raised read',
    without:
      'a read mark that was offered is raised under its old number, which is decided already',
    often: { 'application reads': 8, 'lost frame': 4 },
    rules: {
      appendRead: (state, item) => {
        const { tried } = state;
        state.tried = 0;
        const entry = real.appendRead(state, item);
        state.tried = tried;
        return entry;
      },
    },
  },
  {
    name: 'after',
    without: 'rows behind a lost packet are taken, those in it never',
    often: { 'lost frame': 4 },
    rules: { missesRows: () => false },
  },
  {
    name: 'linkAfter',
    without: 'rows of another shard behind a lost batch are taken, those in it never',
    often: { 'commit fails': 4, 'writer dies': 4 },
    rules: {
      judgeBatch: (watermark, after, count) =>
        real.judgeBatch(watermark, Math.min(after, watermark), count),
    },
  },
  {
    name: 'linkSkip',
    without: 'a repeated batch of another shard is applied again',
    rules: {
      judgeBatch: (watermark, after) =>
        after > watermark ? { kind: 'gap' } : { kind: 'take', skip: 0 },
    },
  },
  {
    name: 'counter',
    without: 'an emptied mailbox gives its numbers again, and new rows look old',
    rules: { nextRow: box => Math.max(0, ...box.rows.map(row => row.n)) + 1 },
  },
  {
    name: 'e2eSeq',
    without: 'what a restored server gets again reaches those twice who have it',
    often: { 'server is restored': 4 },
    rules: {
      takeRow: (state, row) => {
        const forgetful = { ...state, from: newInbox().from };
        const taken = real.takeRow(forgetful, row);
        state.have = forgetful.have;
        return taken;
      },
    },
  },
  {
    name: 'era',
    without: 'what a restored server has lost is never offered again',
    often: { 'server is restored': 4 },
    rules: { adoptEra: (state, told) => real.adoptEra(state, told, []) },
  },
  {
    name: 'era of rows',
    without: 'rows of a restored server look old',
    often: { 'server is restored': 4 },
    rules: { adoptRowNumbers: (state, told) => void (state.era = told.era) },
  },
  {
    name: 'rollback (sent)',
    without: 'an old copy of a device gives its numbers to other messages',
    often: { 'device is restored': 8, 'server is restored': 0, 'device goes': 0 },
    rules: { sentIsRolledBack: () => false },
  },
  {
    name: 'rollback (numbered since)',
    without: 'an old copy hides behind what it has numbered without a connection',
    often: { 'device is restored': 8, 'device dies': 4, 'server is restored': 0, 'device goes': 0 },
    rules: { sentIsRolledBack: (state, told) => told.seen >= state.nextSeq },
  },
  {
    name: 'rollback (received)',
    without: 'an old copy of a device goes on without the rows that it lost',
    often: { 'device is restored': 8, 'server is restored': 0, 'device goes': 0 },
    rules: { receivedIsRolledBack: () => false },
  },
  {
    name: 'replyAfterCommit',
    without: 'a repeat is told to be accepted before what it repeats is committed',
    often: { 'commit fails': 4, 'session dies': 4 },
    rules: { replyAfterCommit: false },
  },
  {
    name: 'stateCommitted',
    without: '`state` tells what is not committed',
    often: { 'commit fails': 4, 'session dies': 4 },
    rules: { stateCommitted: false },
  },
  {
    name: 'pushCommitted',
    without: 'rows are delivered that are never committed, and their numbers given again',
    rules: { pushCommitted: false },
  },
  {
    name: 'fence',
    without: 'a writer whose shard has moved commits over its successor',
    often: { 'shard moves': 4 },
    rules: { fence: false },
  },
  {
    name: 'ackRepeat',
    without: 'an acknowledgement whose commit failed is gone, and the mailbox never empty',
    often: {
      'commit fails': 4,
      'session dies': 0,
      'device leaves': 0,
      'device dies': 0,
      'writer dies': 0,
      'shard moves': 0,
      'server is restored': 0,
    },
    rules: { ackRepeat: false },
  },
  {
    name: 'clampRead',
    without: 'a reader that claims too much has read what is yet to come',
    often: { 'application reads': 4 },
    rules: {
      raiseRead: (state, conversation, upTo) => ({
        ...real.raiseRead({ ...state, stored: upTo }, conversation, upTo),
        stored: state.stored,
      }),
    },
  },
  {
    name: 'readPerConversation',
    without: 'reading one conversation marks another one as read',
    often: {
      'application reads': 4,
      'group changes': 0,
      'block changes': 0,
      'device dies': 0,
      'writer dies': 0,
    },
    rules: {
      raiseRead: (state, conversation, upTo) => {
        const one = real.raiseRead(state, conversation, upTo);
        const both = Math.max(0, ...Object.values(one.read));
        const read = Object.fromEntries(Object.keys(one.read).map(key => [key, both]));
        return one === state ? state : { ...one, read: { ...read, '': both } };
      },
    },
  },
  {
    name: 'undelInterval',
    without: 'what has expired is told as delivered',
    often: { 'messages expire': 4 },
    rules: { undeliveredInterval: false },
  },
  {
    name: 'clipUndelivered',
    without: 'what was told as delivered is told not to be',
    often: { 'messages expire': 8, 'server is restored': 4 },
    rules: {
      takeRow: (state, row) => {
        const fresh = row.n > state.have;
        const taken = real.takeRow(state, row);
        return fresh && row.kind === 'undelivered' ? row : taken;
      },
    },
  },
  {
    name: 'storeBeforeOffer',
    without: 'a device that dies gives the number of an offered message to another one',
    often: { 'device dies': 8 },
    rules: { storeBeforeOffer: false },
  },
  {
    name: 'stateBeforeRows',
    without: 'rows of a restored server look old when its state was lost',
    often: {
      'server is restored': 4,
      'lost frame': 16,
      'commit fails': 0,
      'writer dies': 0,
      'shard moves': 0,
      'session dies': 0,
      'device dies': 0,
      'device leaves': 0,
    },
    rules: { stateBeforeRows: false },
  },
  {
    name: 'storeBeforeAck',
    without: 'a device that dies has acknowledged what it does not have',
    often: { 'device dies': 4 },
    rules: { storeBeforeAck: false },
  },
];
