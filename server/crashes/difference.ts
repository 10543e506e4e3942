/** What differs between two pictures of a state, for people. */
import type { Picture } from './picture.ts';

const MOST = 20;

/** @returns a line for each part that is another one, with its path: `sending.queue[0].seq: 1 -> 2` */
export function changes(before: Picture, after: Picture): string[] {
  const lines: string[] = [];
  compare('', before, after, lines);
  return lines.length > MOST ? [...lines.slice(0, MOST), `and ${lines.length - MOST} more`] : lines;
}

function compare(
  path: string,
  one: Picture | undefined,
  other: Picture | undefined,
  into: string[],
): void {
  if (JSON.stringify(one) === JSON.stringify(other)) return;
  if (isRecord(one) && isRecord(other)) {
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
      compare(join(path, key, Array.isArray(one)), one[key], other[key], into);
    return;
  }
  into.push(`${path === '' ? '(all of it)' : path}: ${shown(one)} -> ${shown(other)}`);
}

const isRecord = (value: Picture | undefined): value is Readonly<Record<string, Picture>> =>
  typeof value === 'object' && value !== null;

function join(path: string, key: string, inList: boolean): string {
  if (inList) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function shown(value: Picture | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
