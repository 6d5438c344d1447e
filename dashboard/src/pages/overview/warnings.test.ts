// More than a tenth of failures is a warning, a tenth is none.
import { expect, it } from "vitest";
import type { BreakdownsQuery } from "../../api/generated";
import { warningsOf } from "./warnings";

it("warns about open breakers and high failure rates", () => {
  const part = (errorCount: number, completedCount: number) => ({ errorCount, completedCount });
  const breakdowns = {
    circuitBreakers: [{ organizationId: "acme", warnings: ["renderer is open"] }],
    types: {
      rows: [
        { key: { type: "lesson" }, ...part(11, 89) },
        { key: { type: "clip" }, ...part(10, 90) },
      ],
    },
    stages: {
      rows: [
        { key: { name: "video" }, ...part(1, 1) },
        { key: { name: "idle" }, ...part(0, 0) },
      ],
    },
  } as unknown as BreakdownsQuery;
  expect(warningsOf(breakdowns, false)).toEqual([
    "renderer is open",
    "Requests of type lesson fail in 11% of runs",
    "Stage video fails in 50% of runs",
  ]);
  expect(warningsOf(breakdowns, true)[0]).toBe("renderer is open (acme)");
});
