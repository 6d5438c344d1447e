// News of some requests changes the list where it must, and nowhere else.
import { describe, expect, it } from "vitest";
import { type Line, mergeLines } from "./lines";

function line(number: number, change: Partial<Line> = {}): Line {
  const uuid = String(number).padStart(6, "0");
  const createdAt = new Date(1_760_000_000_000 + number * 1_000).toISOString();
  return { uuid, createdAt, status: "RUNNING", progress: 0, ...change } as Line;
}

const ids = (lines: readonly Line[]) => lines.map(({ uuid }) => Number(uuid));

describe("mergeLines", () => {
  const lines = [line(9), line(7), line(5)];

  it("shows what moved as it is now, in its place", () => {
    const merged = mergeLines(lines, new Set(["000007"]), [line(7, { progress: 0.5 })], false);
    expect(ids(merged)).toEqual([9, 7, 5]);
    expect(merged[1]?.progress).toBe(0.5);
  });

  it("takes away what no longer matches", () => {
    expect(ids(mergeLines(lines, new Set(["000007"]), [], false))).toEqual([9, 5]);
  });

  it("puts new ones where they belong", () => {
    expect(ids(mergeLines(lines, new Set(["000010", "000006"]), [line(6), line(10)], true))).toEqual([
      10, 9, 7, 6, 5,
    ]);
  });

  it("leaves out what belongs to a page that is not loaded", () => {
    expect(ids(mergeLines(lines, new Set(["000002"]), [line(2)], true))).toEqual([9, 7, 5]);
    expect(ids(mergeLines(lines, new Set(["000002"]), [line(2)], false))).toEqual([9, 7, 5, 2]);
  });
});
