/**
 * Every limit of the protocol with its consequence. The server announces those marked (w) in `welcome`;
 * what a configuration may change is in `server/config/`, with these as defaults and upper bounds.
 */
export const limits = {
  /** One packet of a client, encoded (w). Larger: `error packet_too_large`; it is not taken. A server's is bounded by its frame. */
  packetBytes: 96 * 1024,
  /** One frame (w). Larger: the connection is closed with `frame_too_large`. */
  frameBytes: 1024 * 1024,
  /** Packets in one frame. More: closed with `bad_frame`. */
  packetsPerFrame: 1024,
  /** A message's body. Larger: `error field_too_large`. */
  bodyBytes: 64 * 1024,
  /**
   * Sends a device may have under way that are neither accepted nor rejected (w). Those that a refusal
   * has made void count until the server has passed over them, so twice as many are taken. More: closed with `window_exceeded`.
   */
  unacceptedSends: 256,
  /** Rows pushed to a device and not yet acknowledged (w). More are kept in the mailbox until it acknowledges. */
  unackedRows: 256,
  /** Bytes of bodies pushed and not yet acknowledged; one row is always allowed. */
  unackedBytes: 1024 * 1024,
  /** Open requests per connection (w). More: `error too_many_requests`. */
  openRequests: 64,
  /** Users addressed by one direct send. More: `error field_too_large`. */
  recipientsPerSend: 32,
  /** Devices of one user. More: `too_many_devices`. */
  devicesPerUser: 5,
  /** Devices that a user has ever had: their ids are never given again. More: `too_many_devices`. */
  devicesEver: 1024,
  /** Users that one user blocks. More: `block_list_full`. */
  blockedUsers: 1024,
  /** Members of a group. More: `group_full`. */
  membersPerGroup: 1024,
  /** Characters of a group's name. */
  groupNameCharacters: 100,
  /** Characters of a login's `agent`. Longer: `error field_too_large`. */
  agentCharacters: 64,
  /** A resume ticket. Longer: `error field_too_large`. */
  ticketBytes: 512,
  /** Characters of a code, a field's name or a sentence in `error` and `close`. */
  messageCharacters: 1000,
  /** Users named in one `devices` request. */
  usersPerRequest: 128,
  /** Messages stored for a device. More: refused with `mailbox_full`; in a group that device is skipped and the sender told. */
  mailboxMessages: 100_000,
  /** Bytes of bodies stored for a device, as above. */
  mailboxBytes: 256 * 1024 * 1024,
  /** Conversations that a receipt has read watermarks for. What is read in further ones is not told. */
  conversationsPerReceipt: 512,
  /** How long a message waits for a device. Then its sender is told `undelivered`. */
  messageLifeMs: 30 * 24 * 3600 * 1000,
  /** Bytes waiting in a socket. More: pushing pauses until it has drained. */
  socketBackpressureBytes: 1024 * 1024,
  /** Silence after which the server closes a connection with `idle_timeout` (w). */
  idleTimeoutMs: 120_000,
  /** Time from the opened socket to a valid `login`. Longer: closed with `login_timeout`. */
  loginTimeoutMs: 10_000,
  /** Error packets for bad input on one connection per minute. More: closed with `too_many_errors`. */
  errorsPerMinute: 32,
} as const;
