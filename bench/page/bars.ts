/** A bar chart as SVG: horizontal bars from zero, each with its name and its figure. */
import { escapeText } from './html.ts';

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** The value as text, with its unit. */
  readonly text: string;
}

const width = 860;
const nameWidth = 380;
const figureWidth = 170;
const rowHeight = 26;
const barHeight = 16;

/** Negative values and those that are no numbers have no bar. */
export function bars(title: string, entries: readonly Bar[]): string {
  const longest = Math.max(...entries.map(({ value }) => (value > 0 ? value : 0)));
  const room = width - nameWidth - figureWidth;
  const rows = entries.map(({ name, value, text }, index) => {
    const length = value > 0 && longest > 0 ? (value / longest) * room : 0;
    const middle = index * rowHeight + rowHeight / 2;
    return (
      `<text x="${nameWidth - 10}" y="${middle}" class="name">${escapeText(name)}</text>` +
      `<rect x="${nameWidth}" y="${middle - barHeight / 2}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>` +
      `<text x="${(nameWidth + length + 8).toFixed(1)}" y="${middle}">${escapeText(text)}</text>`
    );
  });
  const height = entries.length * rowHeight;
  return (
    `<figure><figcaption>${escapeText(title)}</figcaption>` +
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">${rows.join('')}</svg></figure>`
  );
}
