// A chart over time, drawn by uPlot, with the same numbers as a table for those who cannot see it.
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { instant } from "../format";
import { onColors } from "../state/theme";

/** Names of colors in styles/tokens.css. */
export type Hue =
  "good" | "bad" | "warn" | "active" | "calm" | "c1" | "c2" | "c3" | "c4" | "c5" | "c6" | "c7" | "c8";

export interface Series {
  label: string;
  hue: Hue;
  values: (number | null)[];
}

export interface TimeChartProps {
  /** What it shows, in words. */
  title: string;
  /** Starts of the slices, in milliseconds since 1970. */
  times: number[];
  series: Series[];
  /** `bars` stand on one another, `lines` cross. */
  kind: "bars" | "lines";
  format: (value: number | null) => string;
  height?: number;
}

export function TimeChart(props: TimeChartProps) {
  const { title, times, series, format, height = 200 } = props;
  const place = useRef<HTMLDivElement>(null);
  useDrawing(place, props, height);
  const [shown, setShown] = useState(false);
  return (
    <figure className="chart" aria-label={title}>
      <div ref={place} className="chart-canvas" aria-hidden="true" style={{ minHeight: height }} />
      <ul className="legend" aria-hidden="true">
        {series.map(({ label, hue }) => (
          <li key={label}>
            <span className={`swatch ${hue}`} />
            {label}
          </li>
        ))}
      </ul>
      <details onToggle={(event) => setShown(event.currentTarget.open)}>
        <summary>Show data as table</summary>
        {shown ? <NumbersTable title={title} times={times} series={series} format={format} /> : null}
      </details>
    </figure>
  );
}

function NumbersTable({
  title,
  times,
  series,
  format,
}: Pick<TimeChartProps, "title" | "times" | "series" | "format">) {
  return (
    <div className="table-scroll low" role="region" aria-label={title} tabIndex={0}>
      <table>
        <caption className="hidden">{title}</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {series.map(({ label }) => (
              <th scope="col" className="right" key={label}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <th scope="row">{instant(time)}</th>
              {series.map(({ label, values }) => (
                <td className="right" key={label}>
                  {format(values[index] ?? null)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Draw once per shape, feed new numbers into the drawing that is there. */
function useDrawing(
  place: React.RefObject<HTMLDivElement | null>,
  props: TimeChartProps,
  height: number,
): void {
  const { times, series, kind } = props;
  const shape = JSON.stringify([kind, series.map(({ label, hue }) => [label, hue])]);
  const plot = useRef<uPlot>(undefined);
  const newest = useRef(props);
  newest.current = props;
  const [colors, setColors] = useState(0);
  useEffect(() => onColors(() => requestAnimationFrame(() => setColors((before) => before + 1))), []);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const drawing = new uPlot(
      optionsOf(newest, element.clientWidth, height),
      dataOf(newest.current),
      element,
    );
    plot.current = drawing;
    const observer = new ResizeObserver(() => drawing.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawing.destroy();
      plot.current = undefined;
    };
  }, [place, shape, height, colors]);

  const data = useMemo(() => dataOf({ times, series, kind }), [times, series, kind]);
  useEffect(() => plot.current?.setData(data), [data]);
}

/** Seconds, and per series its numbers; stacked ones are sums of those below. */
export function dataOf({
  times,
  series,
  kind,
}: Pick<TimeChartProps, "times" | "series" | "kind">): uPlot.AlignedData {
  const seconds = times.map((time) => time / 1_000);
  if (kind === "lines") return [seconds, ...series.map(({ values }) => values)];
  const below = times.map(() => 0);
  const stacked = series.map(({ values }) =>
    values.map((value, index) => {
      below[index] = (below[index] ?? 0) + (value ?? 0);
      return below[index];
    }),
  );
  // The highest sums are drawn first, so that lower ones cover them.
  return [seconds, ...stacked.reverse()];
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** What a grid line may lie above the one below: 1, 2 or 5 of any power of ten. */
const STEPS = Array.from({ length: 22 }, (_, power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power - 6}`)),
).flat();
const WHOLE_STEPS = STEPS.filter(Number.isInteger);

/** Where only whole numbers are shown, no line stands between two of them. */
export function stepsOf(series: readonly Series[]): number[] {
  const whole = series.every(({ values }) =>
    values.every((value) => value === null || Number.isInteger(value)),
  );
  return whole ? WHOLE_STEPS : STEPS;
}

/** The seconds that the axis spans: up to the end of the last slice, where only its start is known. */
export function spanOf(seconds: ArrayLike<number>): [number, number] {
  const first = seconds[0] ?? 0;
  const last = seconds[seconds.length - 1] ?? first;
  const slice = last - (seconds[seconds.length - 2] ?? last - ALONE_SECONDS);
  return [first, last + slice];
}

/** Where a line has a number between two gaps: nothing would be drawn of it. */
export function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values, (_, index) => index).filter(
    (index) => values[index] != null && values[index - 1] == null && values[index + 1] == null,
  );
}

const ALONE_SECONDS = 3_600;
const LEAST_BAR = 1;
const MOST_BAR = 40;
const LONE: uPlot.Series.Points = {
  size: 5,
  filter: (plot, series) => lonePoints(plot.data[series] ?? []),
};

function optionsOf(newest: { current: TimeChartProps }, width: number, height: number): uPlot.Options {
  const { series, kind } = newest.current;
  const axis = { stroke: token("muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: token("grid"), width: 1 };
  const drawn = kind === "bars" ? [...series].reverse() : series;
  const bars = uPlot.paths.bars?.({ size: [0.8, MOST_BAR, LEAST_BAR], align: 1 });
  return {
    width,
    height,
    legend: { show: false },
    cursor: { points: { show: false }, y: false, drag: { x: false, y: false } },
    padding: [10, 18, 0, 0],
    scales: {
      x: { range: (plot) => spanOf(plot.data[0]) },
      y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 70, values: timeTicks },
      {
        ...axis,
        grid,
        size: 62,
        space: 34,
        incrs: () => stepsOf(newest.current.series),
        values: (_, splits) => splits.map((value) => newest.current.format(value)),
      },
    ],
    series: [
      {},
      ...drawn.map(({ label, hue }) => ({
        label,
        stroke: token(hue),
        ...(kind === "bars"
          ? { fill: token(hue), width: 0, ...(bars ? { paths: bars } : {}) }
          : { width: 1.75 }),
        points: { show: false, ...(kind === "lines" ? LONE : {}) },
      })),
    ],
    plugins: [tooltip(newest)],
  };
}

function timeTicks(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  const options: Intl.DateTimeFormatOptions =
    step >= 86_400 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" };
  const format = new Intl.DateTimeFormat(undefined, options);
  return splits.map((second) => format.format(second * 1_000));
}

/** The numbers under the pointer. */
function tooltip(newest: { current: TimeChartProps }): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "chart-tip";
  box.hidden = true;
  const draw = (plot: uPlot) => {
    const index = plot.cursor.idx;
    const { times, series, format } = newest.current;
    const time = index == null ? undefined : times[index];
    box.hidden = time === undefined || (plot.cursor.left ?? -1) < 0;
    if (box.hidden || time === undefined || index == null) return;
    const heading = document.createElement("strong");
    heading.textContent = instant(time);
    const lines = series.map(({ label, values, hue }) => {
      const line = document.createElement("span");
      const swatch = document.createElement("i");
      swatch.className = `swatch ${hue}`;
      line.append(
        swatch,
        `${label} `,
        Object.assign(document.createElement("b"), { textContent: format(values[index] ?? null) }),
      );
      return line;
    });
    box.replaceChildren(heading, ...lines);
    const left = plot.cursor.left ?? 0;
    box.classList.toggle("flipped", left > plot.over.clientWidth / 2);
    box.style.left = `${left}px`;
  };
  return { hooks: { init: (plot) => void plot.over.append(box), setCursor: draw } };
}
