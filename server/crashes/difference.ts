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
    const [before, after] = [withoutTag(one), withoutTag(other)];
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(join(path, key, Array.isArray(one)), before[key], after[key], into);
    return;
  }
  into.push(`${path === '' ? '(all of it)' : path}: ${shown(one)} -> ${shown(other)}`);
}

/** A store's port numbers its batches, for the whole isolate: a replay begins anew with that, and no step has changed it. */
function withoutTag(picture: PictureRecord): PictureRecord {
  const { fields } = picture;
  if (picture['$'] !== 'class' || picture['name'] !== 'StorePort' || !isRecord(fields))
    return picture;
  const { tag: _, ...others } = fields;
  return { ...picture, fields: others };
}

type PictureRecord = Readonly<Record<string, Picture>>;

const isRecord = (value: Picture | undefined): value is PictureRecord =>
  typeof value === 'object' && value !== null;

function join(path: string, key: string, inList: boolean): string {
  if (inList) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function shown(value: Picture | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
