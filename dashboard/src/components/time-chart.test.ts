// Stacked bars are drawn from the highest sum to the lowest.
import { expect, it } from "vitest";
import { toPlotData, isolatedPoints, axisRange, gridSteps } from "./time-chart";

const TIMES = [0, 60_000];

it("stacks bars", () => {
  const series = [
    { label: "good", hue: "good" as const, values: [3, null] },
    { label: "bad", hue: "bad" as const, values: [1, 2] },
  ];
  expect(toPlotData({ times: TIMES, series, kind: "bars" })).toEqual([
    [0, 60],
    [4, 2],
    [3, 0],
  ]);
  expect(toPlotData({ times: TIMES, series, kind: "lines" })).toEqual([
    [0, 60],
    [3, null],
    [1, 2],
  ]);
});

it("has no line between whole numbers where there are only those", () => {
  const steps = (values: (number | null)[]) => gridSteps([{ label: "count", hue: "c1", values }]);
  expect(steps([]).slice(0, 4)).toEqual([1, 2, 5, 10]);
  expect(steps([3, null, 12]).at(0)).toBe(1);
  expect(steps([0.5, null]).slice(0, 3)).toEqual([0.000001, 0.000002, 0.000005]);
  expect(steps([1e12]).at(-1)).toBe(5e15);
});

it("spans the last slice, too", () => {
  expect(axisRange([0, 60, 120])).toEqual([0, 180]);
  expect(axisRange([0, 3_600])).toEqual([0, 7_200]);
  expect(axisRange([7_200])).toEqual([7_200, 10_800]);
  expect(axisRange([])).toEqual([0, 3_600]);
});

it("draws a number between two gaps as a point", () => {
  expect(isolatedPoints([null, null, 3])).toEqual([2]);
  expect(isolatedPoints([1, null, 2, 3, null, 0, undefined])).toEqual([0, 5]);
  expect(isolatedPoints([7])).toEqual([0]);
  expect(isolatedPoints([1, 2, 3])).toEqual([]);
  expect(isolatedPoints([])).toEqual([]);
});
