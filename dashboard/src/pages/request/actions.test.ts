// Only what may be tried again is offered.
import { expect, it } from "vitest";
import { refused, retryable, runsAsWhole } from "./actions";
import type { RequestNow } from "./use-request";

it("offers failed stages that have attempts left and were not said to be hopeless", () => {
  const stage = (name: string, change: object) => ({
    name,
    status: "FAILED",
    retryable: true,
    attempt: 1,
    maxAttempts: 3,
    ...change,
  });
  const stages = [
    stage("again", {}),
    stage("unsaid", { retryable: null }),
    stage("hopeless", { retryable: false }),
    stage("used up", { attempt: 3 }),
    stage("running", { status: "RUNNING" }),
  ] as unknown as RequestNow["stages"];
  for (const status of ["RUNNING", "FAILED"] as const) {
    const request = { stages, status, error: null };
    expect(retryable(request)).toEqual(["again", "unsaid"]);
    expect(refused(request)).toEqual(["hopeless", "used up"]);
    expect(runsAsWhole(request)).toBe(false);
  }
});

it("offers the stage that a failed request ended in, and the request itself where there is none", () => {
  const stage = (name: string, status: string) => ({
    name,
    status,
    retryable: null,
    attempt: 1,
    maxAttempts: 3,
  });
  const stages = [stage("done", "COMPLETED"), stage("cut", "CANCELLED")] as unknown as RequestNow["stages"];
  const error = (name: string | null) => ({ message: "m", stage: name, details: null });
  const cut = { stages, status: "FAILED" as const, error: error("cut") };
  expect(retryable(cut)).toEqual(["cut"]);
  expect(runsAsWhole(cut)).toBe(false);
  for (const name of ["done", "unknown", null]) {
    const whole = { ...cut, error: error(name) };
    expect(retryable(whole)).toEqual([]);
    expect(runsAsWhole(whole)).toBe(true);
  }
  expect(runsAsWhole({ ...cut, status: "COMPLETED", error: null })).toBe(false);
});
