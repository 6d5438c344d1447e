// Bars are placed by their times.
import { describe, expect, it } from "vitest";
import { layoutTimeline, ticksOf } from "./bars";
import type { RequestNow } from "./use-request";

const START = Date.parse("2026-11-21T10:00:00Z");
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const bar = (stage: string, attempt: number, status: string, change: object) => ({
  stage,
  attempt,
  status,
  progress: 0,
  startedAt: null,
  endedAt: null,
  expectedStartAt: null,
  expectedEndAt: null,
  ...change,
});

const REQUEST = {
  createdAt: at(-5),
  startedAt: at(0),
  endedAt: null,
  stages: [{ name: "script" }, { name: "video" }, { name: "notify" }],
  timeline: [
    bar("script", 1, "FAILED", { startedAt: at(0), endedAt: at(10) }),
    bar("script", 2, "COMPLETED", { startedAt: at(20), endedAt: at(40) }),
    bar("video", 1, "RUNNING", { startedAt: at(40), expectedEndAt: at(80), progress: 0.5 }),
    bar("notify", 0, "PENDING", { expectedStartAt: at(80), expectedEndAt: at(100) }),
  ],
} as unknown as RequestNow;

describe("layOut", () => {
  const { rows, ms } = layoutTimeline(REQUEST, START + 60_000);

  it("ends at the expected end", () => expect(ms).toBe(100_000));

  it("shows every attempt in the row of its stage", () => {
    const [script] = rows;
    expect(script?.bars.map(({ attempt, left, width, status }) => [attempt, left, width, status])).toEqual([
      [1, 0, 0.1, "FAILED"],
      [2, 0.2, 0.2, "COMPLETED"],
    ]);
  });

  it("shows running bars up to now, the expected rest behind them, and planned bars at their expected times", () => {
    const spans = rows
      .slice(1)
      .map(({ bars }) => bars.map(({ left, width, expected }) => [left, width, expected]));
    expect(spans).toEqual([
      [
        [0.6, 0.2, true],
        [0.4, 0.2, false],
      ],
      [[0.8, 0.2, true]],
    ]);
  });
});

it("has few, evenly spaced ticks", () => {
  expect(ticksOf(500)).toEqual([0]);
  expect(ticksOf(22_000)).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
  expect(ticksOf(90 * 86_400_000).length).toBeLessThan(10);
});
