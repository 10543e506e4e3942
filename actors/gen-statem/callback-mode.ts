/** What a module's `callbackMode` says. See `gen_statem.erl`, `callback_mode_result/6`. */
import type { CallbackMode } from './types.ts';

export interface Mode {
  readonly mode: CallbackMode;
  readonly stateEnter: boolean;
}

/** Undefined when it says no mode, or anything that is none. The last mode of a list counts. */
export function modeOf(result: unknown): Mode | undefined {
  let mode: CallbackMode | undefined;
  let stateEnter = false;
  for (const item of Array.isArray(result) ? (result as unknown[]) : [result]) {
    if (item === 'state_functions' || item === 'handle_event_function') mode = item;
    else if (item === 'state_enter') stateEnter = true;
    else return undefined;
  }
  return mode === undefined ? undefined : modes[mode][stateEnter ? 1 : 0];
}

/** One object for all machines of a mode. */
const modes = {
  state_functions: bothOf('state_functions'),
  handle_event_function: bothOf('handle_event_function'),
};

function bothOf(mode: CallbackMode): readonly [Mode, Mode] {
  return [
    { mode, stateEnter: false },
    { mode, stateEnter: true },
  ];
}
