// Only possible retries are offered.
import { expect, it } from "vitest";
import { forceRetryStages, retryableStages, canRetryRequest } from "./actions";
import type { RequestNow } from "./use-request";

it("offers failed stages that have attempts left and are not marked as not retryable", () => {
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
    expect(retryableStages(request)).toEqual(["again", "unsaid"]);
    expect(forceRetryStages(request)).toEqual(["hopeless", "used up"]);
    expect(canRetryRequest(request)).toBe(false);
  }
});

it("offers the stage in which a failed request ended, or the request itself", () => {
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
  expect(retryableStages(cut)).toEqual(["cut"]);
  expect(canRetryRequest(cut)).toBe(false);
  for (const name of ["done", "unknown", null]) {
    const whole = { ...cut, error: error(name) };
    expect(retryableStages(whole)).toEqual([]);
    expect(canRetryRequest(whole)).toBe(true);
  }
  expect(canRetryRequest({ ...cut, status: "COMPLETED", error: null })).toBe(false);
});
