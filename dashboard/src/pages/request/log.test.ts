// The log is ordered, without duplicates, and bounded.
import { describe, expect, it } from "vitest";
import { append, EMPTY_LOG, type LogLine, MAX_EVENTS, select } from "./log";

const event = (seq: number, change: Partial<LogLine> = {}): LogLine =>
  ({ seq, type: "stage.progressed", severity: "INFO", stage: "script", message: null, ...change }) as LogLine;
const run = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

describe("append", () => {
  it("adds new events once", () => {
    const log = append(append(EMPTY_LOG, run(1, 3)), run(2, 5));
    expect(log.lines.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(log.last).toBe(5);
    expect(append(log, run(1, 5))).toBe(log);
  });

  it("removes the oldest events when it is too long", () => {
    const log = append(append(EMPTY_LOG, run(1, MAX_EVENTS)), run(MAX_EVENTS + 1, MAX_EVENTS + 2_000));
    expect(log.lines).toHaveLength(MAX_EVENTS);
    expect(log.last).toBe(MAX_EVENTS + 2_000);
    expect(log.lines.at(-1)?.seq).toBe(log.last);
  });
});

it("selects by severity and text", () => {
  const lines = [
    event(1),
    event(2, { severity: "ERROR", message: "No Answer" }),
    event(3, { severity: "WARNING" }),
  ];
  expect(select(lines, "WARNING", "").map(({ seq }) => seq)).toEqual([2, 3]);
  expect(select(lines, "DEBUG", "no answer").map(({ seq }) => seq)).toEqual([2]);
  expect(select(lines, "DEBUG", " ")).toBe(lines);
});
