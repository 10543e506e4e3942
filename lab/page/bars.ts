/** A bar chart as SVG: horizontal bars from zero, each with its name and its figure. */
import { escapeText } from './html.ts';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The value as text, with its unit. */
  readonly text: string;
}

const width = 860;
const leastRoom = 160;
/** At most, of a letter at the size of style.ts, whatever font the reader has: nothing is cut off. */
const letterWidth = 7.4;
const gap = 10;
const rowHeight = 26;
const barHeight = 16;

/** Negative values and those that are no numbers have no bar. */
export function bars(title: string, entries: readonly Bar[]): string {
  const longest = Math.max(...entries.map(({ value }) => (value > 0 ? value : 0)));
  const widest = (texts: readonly string[]): number =>
    Math.max(0, ...texts.map(({ length }) => length)) * letterWidth + gap;
  const nameWidth = widest(entries.map(({ name }) => name));
  const figureWidth = widest(entries.map(({ text }) => text));
  const room = Math.max(leastRoom, width - nameWidth - figureWidth);
  const rows = entries.map(({ name, value, text }, index) => {
    const length = value > 0 && longest > 0 ? (value / longest) * room : 0;
    const middle = index * rowHeight + rowHeight / 2;
    return (
      `<text x="${(nameWidth - gap).toFixed(1)}" y="${middle}" class="name">${escapeText(name)}</text>` +
      `<rect x="${nameWidth.toFixed(1)}" y="${middle - barHeight / 2}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>` +
      `<text x="${(nameWidth + length + 8).toFixed(1)}" y="${middle}">${escapeText(text)}</text>`
    );
  });
  const height = entries.length * rowHeight;
  const wide = (nameWidth + room + figureWidth).toFixed(1);
  return (
    `<figure><figcaption>${escapeText(title)}</figcaption>` +
    `<svg viewBox="0 0 ${wide} ${height}" role="img" aria-label="${escapeText(title)}">${rows.join('')}</svg></figure>`
  );
}
