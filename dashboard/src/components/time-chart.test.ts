// Bars stand on one another; what is drawn first is the highest.
import { expect, it } from "vitest";
import { dataOf, lonePoints, spanOf, stepsOf } from "./time-chart";

const TIMES = [0, 60_000];

it("stacks bars", () => {
  const series = [
    { label: "good", hue: "good" as const, values: [3, null] },
    { label: "bad", hue: "bad" as const, values: [1, 2] },
  ];
  expect(dataOf({ times: TIMES, series, kind: "bars" })).toEqual([
    [0, 60],
    [4, 2],
    [3, 0],
  ]);
  expect(dataOf({ times: TIMES, series, kind: "lines" })).toEqual([
    [0, 60],
    [3, null],
    [1, 2],
  ]);
});

it("has no line between whole numbers where there are only those", () => {
  const steps = (values: (number | null)[]) => stepsOf([{ label: "count", hue: "c1", values }]);
  expect(steps([]).slice(0, 4)).toEqual([1, 2, 5, 10]);
  expect(steps([3, null, 12]).at(0)).toBe(1);
  expect(steps([0.5, null]).slice(0, 3)).toEqual([0.000001, 0.000002, 0.000005]);
  expect(steps([1e12]).at(-1)).toBe(5e15);
});

it("spans the last slice, too", () => {
  expect(spanOf([0, 60, 120])).toEqual([0, 180]);
  expect(spanOf([0, 3_600])).toEqual([0, 7_200]);
  expect(spanOf([7_200])).toEqual([7_200, 10_800]);
  expect(spanOf([])).toEqual([0, 3_600]);
});

it("draws a number between two gaps as a point", () => {
  expect(lonePoints([null, null, 3])).toEqual([2]);
  expect(lonePoints([1, null, 2, 3, null, 0, undefined])).toEqual([0, 5]);
  expect(lonePoints([7])).toEqual([0]);
  expect(lonePoints([1, 2, 3])).toEqual([]);
  expect(lonePoints([])).toEqual([]);
});
