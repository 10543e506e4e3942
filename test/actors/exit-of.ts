import { reasonOf } from '../../actors/index.ts';

/** The exit reason that a promise rejects with: Erlang's `catch exit:Reason`. */
export async function exitOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return reasonOf(thrown);
  }
  throw new Error('expected an exit');
}
