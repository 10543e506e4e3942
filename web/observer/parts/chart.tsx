import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import type { Lines } from '../../model/series.ts';

interface ChartProps {
  readonly title: string;
  /** One per line, at most four. */
  readonly labels: readonly string[];
  readonly lines: Lines;
  /** A value as the axis and the legend show it. */
  readonly format: (value: number) => string;
  /** Whether round values are powers of two: bytes. */
  readonly binary?: boolean;
}

const HEIGHT = 150;
const SECONDS_SHOWN = 300;
export const MOST_LINES = 4;

/** The last five minutes of some figures. The legend has the newest values in words; the canvas is for the eye. */
export function Chart({ title, labels, lines, format, binary = false }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLParagraphElement>(null);
  const plot = useRef<UPlot | null>(null);
  const newest = useRef(lines);
  const names = labels.join('\n');

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = (): void => {
      plot.current?.destroy();
      const colours = [...(legend.current?.querySelectorAll('i') ?? [])].map(mark =>
        colourOf(mark),
      );
      const options = optionsOf(names.split('\n'), colours, colourOf(element), format, binary);
      plot.current = new UPlot(
        { ...options, width: element.clientWidth },
        dataOf(newest.current),
        element,
      );
    };
    draw();
    const size = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    size.observe(element);
    // A canvas does not know of themes.
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', draw);
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      size.disconnect();
      system.removeEventListener('change', draw);
      theme.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names, format, binary]);

  useEffect(() => {
    newest.current = lines;
    plot.current?.setData(dataOf(lines));
  }, [lines]);

  return (
    <figure aria-label={title}>
      <p className="legend" ref={legend}>
        {labels.map((label, index) => {
          const value = lines.values[index]?.findLast(known => known !== null);
          return (
            <span key={label} data-line={index}>
              <i aria-hidden="true" />
              {label} <b>{value === undefined ? '–' : format(value)}</b>
            </span>
          );
        })}
      </p>
      <div className="chart" ref={place} aria-hidden="true" />
    </figure>
  );
}

const POWERS_OF_TWO = Array.from({ length: 50 }, (_, power) => 2 ** power);

const minuteOf = (seconds: number): string =>
  new Date(seconds * 1_000).toTimeString().slice(0, 'hh:mm'.length);

const colourOf = (element: Element): string => getComputedStyle(element).color;

const dataOf = ({ times, values }: Lines): UPlot.AlignedData =>
  [[...times], ...values.map(line => [...line])] as UPlot.AlignedData;

function optionsOf(
  labels: readonly string[],
  colours: readonly string[],
  ink: string,
  format: (value: number) => string,
  binary: boolean,
): Omit<UPlot.Options, 'width'> {
  const faint = ink.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.18)');
  const axis = { stroke: ink, grid: { stroke: faint, width: 1 }, ticks: { show: false } };
  const font = '11px system-ui, sans-serif';
  return {
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      // The same five minutes for all charts, however much of them is known.
      x: { range: (_plot, _from, to) => [to - SECONDS_SHOWN, to] },
      y: { range: (_plot, _from, to) => [0, to > 0 ? to * 1.1 : 1] },
    },
    axes: [
      { ...axis, font, size: 24, space: 70, values: (_plot, ticks) => ticks.map(minuteOf) },
      {
        ...axis,
        ...(binary ? { incrs: POWERS_OF_TWO } : {}),
        font,
        size: 62,
        space: 34,
        values: (_plot, ticks) => ticks.map(format),
      },
    ],
    series: [
      {},
      ...labels.map((label, index) => ({
        label,
        stroke: colours[index] ?? ink,
        width: 1.6,
        points: { show: false },
      })),
    ],
  };
}
