/** Handlers that cannot be taken; the message names the file and says what to do. */
export class HandlersError extends Error {
  override readonly name = 'HandlersError';
  readonly code = 'bad_handlers';
}
