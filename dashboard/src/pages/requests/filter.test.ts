// Parameters of the address become a filter of the API.
import { expect, it } from "vitest";
import { toRequestFilter, type ListFilters } from "./filter";

const NO_FILTERS: ListFilters = { range: "24h", organization: null, status: null, type: null, search: "" };
const ID = "01a1f84a-95c0-7000-8000-000000000009";

it("filters by the time range", () => {
  expect(toRequestFilter(NO_FILTERS)).toEqual({ createdAt: { last: "PT24H" } });
});

it("finds ids outside the time range", () => {
  expect(toRequestFilter({ ...NO_FILTERS, search: ` ${ID} ` })).toEqual({
    or: [{ id: { eq: ID } }, { correlationId: { eq: ID } }],
  });
});

it("searches other text in correlation ids and titles within the time range", () => {
  expect(
    toRequestFilter({
      ...NO_FILTERS,
      search: "order-7",
      organization: "acme",
      type: "lesson",
      status: "FAILED",
    }),
  ).toEqual({
    organizationId: { eq: "acme" },
    type: { eq: "lesson" },
    status: { in: ["FAILED"] },
    createdAt: { last: "PT24H" },
    or: [{ correlationId: { startsWith: "order-7" } }, { title: { contains: "order-7" } }],
  });
});

it("shows active requests outside the time range", () => {
  expect(toRequestFilter({ ...NO_FILTERS, status: "ACTIVE" })).toEqual({
    status: { in: ["PENDING", "RUNNING", "STALLED"] },
  });
  expect(toRequestFilter({ ...NO_FILTERS, status: "NONSENSE" })).toEqual(toRequestFilter(NO_FILTERS));
});
