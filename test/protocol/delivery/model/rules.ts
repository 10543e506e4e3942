/**
 * What a run of the model is made of: the real functions of protocol/delivery/, and the few rules that stand in the
 * store, the session and the device around them, as the model states them. A test puts a broken one in the place of
 * each and sees the oracle complain.
 */
import * as inbox from '../../../../protocol/delivery/inbox.ts';
import * as link from '../../../../protocol/delivery/link.ts';
import * as outbox from '../../../../protocol/delivery/outbox.ts';
import * as receipt from '../../../../protocol/delivery/receipt.ts';
import * as sender from '../../../../protocol/delivery/sender.ts';
import type { Box } from './box.ts';

export interface Rules {
  readonly judge: typeof sender.judge;
  readonly refuse: typeof sender.refuse;
  readonly accept: typeof sender.accept;
  readonly judgeBatch: typeof link.judgeBatch;
  readonly raiseRead: typeof receipt.raiseRead;
  readonly raiseDelivered: typeof receipt.raiseDelivered;
  readonly appendRead: typeof outbox.appendRead;
  readonly offers: typeof outbox.offers;
  readonly settle: typeof outbox.settle;
  readonly answerRefusal: typeof outbox.answerRefusal;
  readonly isNewEra: typeof outbox.isNewEra;
  readonly adoptEra: typeof outbox.adoptEra;
  readonly sentIsRolledBack: typeof outbox.sentIsRolledBack;
  readonly missesRows: typeof inbox.missesRows;
  readonly takeRow: typeof inbox.takeRow;
  readonly receivedIsRolledBack: typeof inbox.receivedIsRolledBack;
  readonly adoptRowNumbers: typeof inbox.adoptRowNumbers;
  /** The number of a mailbox's next row. */
  readonly nextRow: (box: Box) => number;
  /** The answer to a repeated offer waits for the commit, as what it repeats may not be committed yet. */
  readonly replyAfterCommit: boolean;
  /** `state` waits for the commit as well. */
  readonly stateCommitted: boolean;
  /** Rows are pushed from what is committed. */
  readonly pushCommitted: boolean;
  /** A writer that no longer owns its shard cannot commit. */
  readonly fence: boolean;
  /** A session repeats an acknowledgement whose commit failed. */
  readonly ackRepeat: boolean;
  /** What expired is told as `undelivered`, not as delivered. */
  readonly undeliveredInterval: boolean;
  /** The device offers only what it has stored. */
  readonly storeBeforeOffer: boolean;
  /** The device takes rows only after `state` has come on the connection. */
  readonly stateBeforeRows: boolean;
  /** The device acknowledges only what it has stored. */
  readonly storeBeforeAck: boolean;
}

export const theRules: Rules = {
  ...sender,
  ...link,
  ...receipt,
  ...outbox,
  ...inbox,
  nextRow: box => box.lastN + 1,
  replyAfterCommit: true,
  stateCommitted: true,
  pushCommitted: true,
  fence: true,
  ackRepeat: true,
  undeliveredInterval: true,
  storeBeforeOffer: true,
  stateBeforeRows: true,
  storeBeforeAck: true,
};
