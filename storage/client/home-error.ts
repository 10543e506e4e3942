/** What can be wrong with a device's home directory, as codes; each message says what to do. */
export type HomeErrorCode =
  /** There is no device in this directory. */
  | 'no_home'
  /** There is one already. */
  | 'home_exists'
  /** A newer program made it. */
  | 'home_newer'
  /** A file of it is damaged. It is never touched. */
  | 'home_corrupt'
  /** Another process has this role of the device. */
  | 'role_taken'
  /** The operating system refused to read or to write. */
  | 'home_io';

export class HomeError extends Error {
  override readonly name = 'HomeError';
  readonly code: HomeErrorCode;

  constructor(code: HomeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
