/** A record that is in the journal. */
export interface JournaledRecord {
  readonly id: number;
  readonly bytes: number;
  /** How many bytes of records came before it. */
  readonly at: number;
  /** How many mailboxes it is the oldest for, of the records that they need. */
  needed: number;
}
