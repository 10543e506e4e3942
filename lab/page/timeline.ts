/** A time line as SVG: values over seconds, and what happened when. */
import { escapeText } from './html.ts';

export interface Line {
  readonly name: string;
  /** In the order of time: seconds and a value; one that is no number leaves a gap. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

export interface Event {
  readonly seconds: number;
  /** Shown when it is pointed at. */
  readonly text: string;
}

export interface TimelineOptions {
  readonly title: string;
  readonly unit: string;
  readonly seconds: number;
  /** At most three: each has a colour of its own in style.ts. */
  readonly lines: readonly Line[];
  readonly events: readonly Event[];
}

const width = 860;
const height = 180;
const left = 56;
const bottom = 22;
const top = 18;
const steps = 4;

export function timeline({ title, unit, seconds, lines, events }: TimelineOptions): string {
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(isFinite);
  const highest = roundUp(Math.max(1, ...values));
  const x = (at: number): number => left + (Math.min(at, seconds) / seconds) * (width - left - 8);
  const y = (value: number): number => top + (1 - value / highest) * (height - top - bottom);
  const parts = [
    ...grid(highest, unit, y),
    ...Array.from({ length: steps + 1 }, (_, step) => {
      const at = (seconds * step) / steps;
      return `<text x="${x(at).toFixed(1)}" y="${height - 8}" class="tick${step === steps ? ' last' : ''}">${at.toFixed(seconds < 10 ? 1 : 0)} s</text>`;
    }),
    ...events.map(
      ({ seconds: at, text }) =>
        `<line x1="${x(at).toFixed(1)}" x2="${x(at).toFixed(1)}" y1="${top}" y2="${height - bottom}" class="event"><title>${escapeText(text)}</title></line>`,
    ),
    ...lines.map(
      ({ points }, index) =>
        `<path class="line line${index}" d="${path(points.map(([at, value]) => [x(at), y(value)]))}"/>`,
    ),
  ];
  const legend = lines
    .map(({ name }, index) => `<span class="legend legend${index}">${escapeText(name)}</span>`)
    .join(' ');
  return (
    `<figure><figcaption>${escapeText(title)} ${legend}</figcaption>` +
    `<div class="wide"><svg class="timeline" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">${parts.join('')}</svg></div></figure>`
  );
}

function grid(highest: number, unit: string, y: (value: number) => number): string[] {
  return [0, 0.5, 1].map(share => {
    const value = highest * share;
    const at = y(value).toFixed(1);
    return (
      `<line x1="${left}" x2="${width - 8}" y1="${at}" y2="${at}" class="grid"/>` +
      `<text x="${left - 6}" y="${at}" class="name">${figure(value)} ${escapeText(unit)}</text>`
    );
  });
}

/** A line through the points, anew after each gap. */
function path(points: readonly (readonly [number, number])[]): string {
  let pen = 'M';
  let text = '';
  for (const [x, y] of points) {
    if (!isFinite(y)) pen = 'M';
    else {
      text += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = 'L';
    }
  }
  return text;
}

/** The next of 1, 2, 5, 10, 20, 50 … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find(step => step * power >= value) ?? 10);
}

const figure = (value: number): string =>
  value >= 1_000 ? `${value / 1_000}k` : String(Number(value.toFixed(1)));
