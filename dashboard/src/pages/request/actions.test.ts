// Only what may be tried again is offered.
import { expect, it } from "vitest";
import { retryable } from "./actions";
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
  expect(retryable({ stages })).toEqual(["again", "unsaid"]);
});
