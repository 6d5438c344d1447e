// Numbers read as people write them.
import { describe, expect, it } from "vitest";
import { compact, count, duration, fromNow, instant, money, NO_VALUE, perSecond, share } from "./format";

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [0.25, "0.25 ms"],
    [840.4, "840 ms"],
    [1_000, "1.0 s"],
    [9_940, "9.9 s"],
    [9_960, "10 s"],
    [59_960, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [3_599_600, "1 h 00 min"],
    [7_800_000, "2 h 10 min"],
    [273_600_000, "3 d 4 h"],
  ])("%d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

  it("says nothing of nothing", () => expect(duration(null)).toBe(NO_VALUE));
});

describe("numbers", () => {
  it("groups thousands, and shortens large ones", () => {
    expect(count(1_234_567)).toBe("1,234,567");
    expect(compact(99_999)).toBe("99,999");
    expect(compact(4_210_000)).toMatch(/^4\.21m$/i);
  });

  it("gives small sums the digits they need", () => {
    expect(money(1_234.5)).toBe("$1,234.50");
    expect(money(0.0675)).toBe("$0.0675");
    expect(money(0.000218)).toBe("$0.000218");
    expect(money(0)).toBe("$0.00");
  });

  it("says rates by the unit that reads best", () => {
    expect(perSecond(12.345)).toBe("12.3/s");
    expect(perSecond(0.5)).toBe("30/min");
    expect(perSecond(0.001)).toBe("3.6/h");
    expect(share(0.1234)).toBe("12.3%");
  });
});

describe("instants", () => {
  const now = new Date("2026-11-21T15:00:00");

  it("leaves the day out where it is today", () => {
    expect(instant(new Date("2026-11-21T09:05:07"), now)).toMatch(/^0?9:05:07/);
    expect(instant(new Date("2026-11-19T09:05:07"), now)).toContain("19");
  });

  it("counts from now, either way", () => {
    expect(fromNow(new Date(now.getTime() - 180_000).toISOString(), now.getTime())).toMatch(/3 min\.? ago/);
    expect(fromNow(new Date(now.getTime() + 7_200_000).toISOString(), now.getTime())).toMatch(/in 2 hr/);
  });
});

it("whole numbers keep every digit, and a rounded one says so", () => {
  const digits = (text: string) => text.replace(/[^0-9≈-]/g, "");
  expect(digits(count(9223372036854775807n))).toBe("9223372036854775807");
  expect(digits(count(9007199254740991))).toBe("9007199254740991");
  expect(digits(count(2 ** 60))).toMatch(/^≈1152921504606/);
  expect(compact(9223372036854775807n)).toBe(compact(2 ** 63));
});
