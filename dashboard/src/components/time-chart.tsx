// A time chart (uPlot) with an accessible table of its data.
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { instant } from "../format";
import { onColorsChange } from "../state/theme";

/** Names of colors in styles/tokens.css. */
export type Hue =
  "good" | "bad" | "warn" | "active" | "calm" | "c1" | "c2" | "c3" | "c4" | "c5" | "c6" | "c7" | "c8";

export interface Series {
  label: string;
  hue: Hue;
  values: (number | null)[];
}

export interface TimeChartProps {
  title: string;
  /** Starts of the time buckets, in milliseconds since 1970. */
  times: number[];
  series: Series[];
  /** Stacked bars, or lines. */
  kind: "bars" | "lines";
  format: (value: number | null) => string;
  height?: number;
}

export function TimeChart(props: TimeChartProps) {
  const { title, times, series, format, height = 200 } = props;
  const containerRef = useRef<HTMLDivElement>(null);
  usePlot(containerRef, props, height);
  const [isTableOpen, setTableOpen] = useState(false);
  return (
    <figure className="chart" aria-label={title}>
      <div ref={containerRef} className="chart-canvas" aria-hidden="true" style={{ minHeight: height }} />
      <ul className="legend" aria-hidden="true">
        {series.map(({ label, hue }) => (
          <li key={label}>
            <span className={`swatch ${hue}`} />
            {label}
          </li>
        ))}
      </ul>
      <details onToggle={(event) => setTableOpen(event.currentTarget.open)}>
        <summary>Show data as table</summary>
        {isTableOpen ? <NumbersTable title={title} times={times} series={series} format={format} /> : null}
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

/** Create a plot per structure of the series; update its data in place. */
function usePlot(
  containerRef: React.RefObject<HTMLDivElement | null>,
  props: TimeChartProps,
  height: number,
): void {
  const { times, series, kind } = props;
  const structure = JSON.stringify([kind, series.map(({ label, hue }) => [label, hue])]);
  const plot = useRef<uPlot>(undefined);
  const latestProps = useRef(props);
  latestProps.current = props;
  const [colors, setColors] = useState(0);
  useEffect(() => onColorsChange(() => requestAnimationFrame(() => setColors((version) => version + 1))), []);

  useEffect(() => {
    const element = containerRef.current;
    if (!element) return;
    const chart = new uPlot(
      optionsOf(latestProps, element.clientWidth, height),
      toPlotData(latestProps.current),
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [containerRef, structure, height, colors]);

  const data = useMemo(() => toPlotData({ times, series, kind }), [times, series, kind]);
  useEffect(() => plot.current?.setData(data), [data]);
}

/** Return seconds and the values of each series; stacked bars are cumulative sums. */
export function toPlotData({
  times,
  series,
  kind,
}: Pick<TimeChartProps, "times" | "series" | "kind">): uPlot.AlignedData {
  const seconds = times.map((time) => time / 1_000);
  if (kind === "lines") return [seconds, ...series.map(({ values }) => values)];
  const sums = times.map(() => 0);
  const stacked = series.map(({ values }) =>
    values.map((value, index) => {
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return sums[index];
    }),
  );
  // Higher sums are drawn first, so that lower ones cover them.
  return [seconds, ...stacked.reverse()];
}

function colorToken(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Distances of grid lines: 1, 2 or 5 times a power of ten. */
const GRID_STEPS = Array.from({ length: 22 }, (_, power) =>
  [1, 2, 5].map((digit) => Number(`${digit}e${power - 6}`)),
).flat();
const INTEGER_GRID_STEPS = GRID_STEPS.filter(Number.isInteger);

/** Use integer steps if all values are integers. */
export function gridSteps(series: readonly Series[]): number[] {
  const allIntegers = series.every(({ values }) =>
    values.every((value) => value === null || Number.isInteger(value)),
  );
  return allIntegers ? INTEGER_GRID_STEPS : GRID_STEPS;
}

/** Return the range of the axis in seconds, up to the end of the last bucket. */
export function axisRange(seconds: ArrayLike<number>): [number, number] {
  const first = seconds[0] ?? 0;
  const last = seconds[seconds.length - 1] ?? first;
  const bucketSeconds = last - (seconds[seconds.length - 2] ?? last - DEFAULT_BUCKET_SECONDS);
  return [first, last + bucketSeconds];
}

/** Return the indexes of values between two gaps, which a line would not show. */
export function isolatedPoints(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values, (_, index) => index).filter(
    (index) => values[index] != null && values[index - 1] == null && values[index + 1] == null,
  );
}

const DEFAULT_BUCKET_SECONDS = 3_600;
const MIN_BAR_WIDTH_PX = 1;
const MAX_BAR_WIDTH_PX = 40;
const ISOLATED_POINTS: uPlot.Series.Points = {
  size: 5,
  filter: (plot, series) => isolatedPoints(plot.data[series] ?? []),
};

function optionsOf(latestProps: { current: TimeChartProps }, width: number, height: number): uPlot.Options {
  const { series, kind } = latestProps.current;
  const axis = { stroke: colorToken("muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: colorToken("grid"), width: 1 };
  const plotted = kind === "bars" ? [...series].reverse() : series;
  const bars = uPlot.paths.bars?.({ size: [0.8, MAX_BAR_WIDTH_PX, MIN_BAR_WIDTH_PX], align: 1 });
  return {
    width,
    height,
    legend: { show: false },
    cursor: { points: { show: false }, y: false, drag: { x: false, y: false } },
    padding: [10, 18, 0, 0],
    scales: {
      x: { range: (plot) => axisRange(plot.data[0]) },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 70, values: timeTicks },
      {
        ...axis,
        grid,
        size: 62,
        space: 34,
        incrs: () => gridSteps(latestProps.current.series),
        values: (_, splits) => splits.map((value) => latestProps.current.format(value)),
      },
    ],
    series: [
      {},
      ...plotted.map(({ label, hue }) => ({
        label,
        stroke: colorToken(hue),
        ...(kind === "bars"
          ? { fill: colorToken(hue), width: 0, ...(bars ? { paths: bars } : {}) }
          : { width: 1.75 }),
        points: { show: false, ...(kind === "lines" ? ISOLATED_POINTS : {}) },
      })),
    ],
    plugins: [tooltip(latestProps)],
  };
}

function timeTicks(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  const options: Intl.DateTimeFormatOptions =
    step >= 86_400 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" };
  const format = new Intl.DateTimeFormat(undefined, options);
  return splits.map((second) => format.format(second * 1_000));
}

/** Show the values at the pointer. */
function tooltip(latestProps: { current: TimeChartProps }): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "chart-tip";
  box.hidden = true;
  const update = (plot: uPlot) => {
    const index = plot.cursor.idx;
    const { times, series, format } = latestProps.current;
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
  return { hooks: { init: (plot) => void plot.over.append(box), setCursor: update } };
}
