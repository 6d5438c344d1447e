// Bars stand on one another; what is drawn first is the highest.
import { expect, it } from "vitest";
import { dataOf } from "./time-chart";

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
