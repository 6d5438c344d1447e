// Updates of requests change only their rows.
import { describe, expect, it } from "vitest";
import { type RequestRow, mergeRows } from "./rows";

function row(number: number, change: Partial<RequestRow> = {}): RequestRow {
  const uuid = String(number).padStart(6, "0");
  const createdAt = new Date(1_760_000_000_000 + number * 1_000).toISOString();
  return { uuid, createdAt, status: "RUNNING", progress: 0, ...change } as RequestRow;
}

const ids = (rows: readonly RequestRow[]) => rows.map(({ uuid }) => Number(uuid));

describe("mergeRows", () => {
  const rows = [row(9), row(7), row(5)];

  it("updates changed rows in place", () => {
    const merged = mergeRows(rows, new Set(["000007"]), [row(7, { progress: 0.5 })], false);
    expect(ids(merged)).toEqual([9, 7, 5]);
    expect(merged[1]?.progress).toBe(0.5);
  });

  it("removes rows that no longer match", () => {
    expect(ids(mergeRows(rows, new Set(["000007"]), [], false))).toEqual([9, 5]);
  });

  it("inserts new rows in order", () => {
    expect(ids(mergeRows(rows, new Set(["000010", "000006"]), [row(6), row(10)], true))).toEqual([
      10, 9, 7, 6, 5,
    ]);
  });

  it("ignores rows of a page that is not loaded", () => {
    expect(ids(mergeRows(rows, new Set(["000002"]), [row(2)], true))).toEqual([9, 7, 5]);
    expect(ids(mergeRows(rows, new Set(["000002"]), [row(2)], false))).toEqual([9, 7, 5, 2]);
  });
});
