/** What `sys` can show of a running behaviour: `sys.erl`, `system_event/0`. */

/**
 * What happened in a behaviour, in Erlang's shapes. `in` carries the message as it was sent: a call
 * as `['$gen_call', from, request]`, a cast as `['$gen_cast', message]`, anything else as it is.
 * Other behaviours have events of their own: gen_statem's `enter`, `postpone`, `consume` and so on.
 * A state is not copied: one that its module changes in place shows what it is by now.
 */
export type SystemEvent =
  | readonly ['in', unknown]
  | readonly ['in', unknown, unknown]
  | readonly ['out', unknown, unknown]
  | readonly ['out', unknown, unknown, unknown]
  | readonly ['noreply', unknown]
  | readonly ['continue', unknown]
  | readonly [string, ...unknown[]];

/** How a behaviour says one of its events in a line, `extra` being who it happened to. */
export type FormatEvent = (event: SystemEvent, extra: unknown) => string;
