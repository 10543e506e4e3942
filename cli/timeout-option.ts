/** `--timeout` of the commands that wait for the server. */
import { Option } from 'commander';
import { seconds } from './arguments.ts';
import { defaultTimeoutMs } from './device.ts';

export const timeoutOption = (): Option =>
  new Option('--timeout <seconds>', 'how long to wait for the server')
    .argParser(seconds)
    .default(defaultTimeoutMs, String(defaultTimeoutMs / 1000));
