/**
 * The one list of error codes. A code stands in `error` and `close` packets, in `rejected` (refusals), in
 * HTTP answers and in what the command line prints; the sentence says what to do about it.
 *
 * `closes`: the WebSocket close code when the error ends the connection (RFC 6455 section 7.4: 4000–4999 are ours).
 * `again`: whether the same thing may succeed later without being changed.
 */
export const errors = {
  // what breaks the connection
  bad_frame: { closes: 4000, again: false, text: 'The frame is not a msgpack array of packets.' },
  frame_too_large: {
    closes: 4001,
    again: false,
    text: 'The frame is larger than the limit: send several.',
  },
  login_timeout: {
    closes: 4002,
    again: true,
    text: 'No login came in time: connect and log in at once.',
  },
  login_failed: {
    closes: 4003,
    again: false,
    text: 'The signature does not fit this device: check the key.',
  },
  unknown_device: {
    closes: 4004,
    again: false,
    text: 'There is no such device here: register, or link it anew.',
  },
  device_removed: {
    closes: 4005,
    again: false,
    text: 'This device was removed from its account: link it anew.',
  },
  replaced: {
    closes: 4006,
    again: false,
    text: 'A newer connection of this device has taken over.',
  },
  window_exceeded: {
    closes: 4007,
    again: false,
    text: 'More sends are under way than the window allows: wait for accepted.',
  },
  too_many_errors: { closes: 4008, again: false, text: 'Too many bad packets: mend the client.' },
  idle_timeout: { closes: 4009, again: true, text: 'Nothing was heard for too long: send pings.' },
  too_many_connections: {
    closes: 4010,
    again: true,
    text: 'Too many connections from this address: come back later.',
  },
  too_many_logins: { closes: 4011, again: true, text: 'Too many login attempts: come back later.' },
  going_away: {
    closes: 4012,
    again: true,
    text: 'The server is stopping: reconnect after the time given.',
  },
  internal: {
    closes: 4013,
    again: true,
    text: 'Something broke in the server: reconnect; what was not accepted is offered again.',
  },
  unsupported_version: {
    closes: 4014,
    again: false,
    text: 'This protocol version is not spoken here: update the client.',
  },
  slow_consumer: {
    closes: 4015,
    again: true,
    text: 'The connection takes data too slowly: reconnect when it is better.',
  },

  // bad packets and requests: answered with `error`, the connection stays
  not_logged_in: { closes: null, again: false, text: 'Log in before anything else.' },
  unknown_packet: { closes: null, again: false, text: 'There is no packet of this kind.' },
  packet_too_large: { closes: null, again: false, text: 'The packet is larger than the limit.' },
  bad_field: { closes: null, again: false, text: 'A field has the wrong type or shape.' },
  field_too_large: { closes: null, again: false, text: 'A field is larger than its limit.' },
  missing_role: {
    closes: null,
    again: false,
    text: 'This connection did not claim the role that this needs.',
  },
  unknown_method: { closes: null, again: false, text: 'There is no request of this name.' },
  too_many_requests: {
    closes: null,
    again: true,
    text: 'Too many requests are open or came too fast: wait for replies.',
  },
  storage_full: {
    closes: null,
    again: true,
    text: 'The server’s disk is full: nothing is accepted until there is room. Keep the message; it is offered again.',
  },
  unavailable: {
    closes: null,
    again: true,
    text: 'That part of the server is restarting: ask again.',
  },

  // refusals of a send, and of requests
  unknown_user: { closes: null, again: false, text: 'There is no user of this name.' },
  unknown_group: {
    closes: null,
    again: false,
    text: 'There is no such group, or you are not in it.',
  },
  blocked: { closes: null, again: false, text: 'This user does not take messages from you.' },
  not_member: { closes: null, again: false, text: 'Only members may do this: ask one to add you.' },
  not_admin: { closes: null, again: false, text: 'Only an admin of the group may do this.' },
  mailbox_full: {
    closes: null,
    again: true,
    text: 'The recipient’s mailbox is full: try again when they have been online.',
  },
  stale_devices: {
    closes: null,
    again: true,
    text: 'The device list has changed: send for the current one.',
  },
  stale_group: {
    closes: null,
    again: true,
    text: 'The group has changed: send for the current version.',
  },
  group_exists: {
    closes: null,
    again: false,
    text: 'This group id is taken by another group: make a new one.',
  },
  group_full: {
    closes: null,
    again: false,
    text: 'The group has as many members as a group may have.',
  },
  too_many_devices: {
    closes: null,
    again: false,
    text: 'The account has as many devices as it may have: remove one first.',
  },
  last_device: {
    closes: null,
    again: false,
    text: 'The last device of an account cannot be removed: link another one first.',
  },
  bad_signature: {
    closes: null,
    again: false,
    text: 'The signature does not fit: only a device that is in may approve another.',
  },
  block_list_full: {
    closes: null,
    again: false,
    text: 'You block as many users as you may: unblock one first.',
  },
  key_taken: {
    closes: null,
    again: false,
    text: 'This key already belongs to a device: make a new one.',
  },
  handle_taken: { closes: null, again: false, text: 'This handle is taken: choose another one.' },
  bad_handle: {
    closes: null,
    again: false,
    text: 'A handle is 1–32 characters of a–z, 0–9, dot, dash, underscore, and begins and ends with a letter or digit.',
  },
  invite_needed: {
    closes: null,
    again: false,
    text: 'This server registers by invitation: ask its host for a code.',
  },
  bad_invite: {
    closes: null,
    again: false,
    text: 'The invite code is unknown, used up or expired: ask for a new one.',
  },
  not_authorised: {
    closes: null,
    again: false,
    text: 'This needs the admin token from the server’s data directory.',
  },
} as const satisfies Record<string, { closes: number | null; again: boolean; text: string }>;

export type ErrorCode = keyof typeof errors;

/** Codes that end the connection. */
export type CloseCode = {
  [C in ErrorCode]: (typeof errors)[C]['closes'] extends number ? C : never;
}[ErrorCode];

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errors, value);

export const isCloseCode = (code: ErrorCode): code is CloseCode => errors[code].closes !== null;
