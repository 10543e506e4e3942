import type { Row } from '../../../../protocol/rows.ts';

/** A device's mailbox. */
export interface Box {
  lastN: number;
  acked: number;
  rows: Row[];
  /** Its device was removed. */
  gone: boolean;
}
