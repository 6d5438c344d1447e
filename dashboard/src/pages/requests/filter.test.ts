// The words of the address become the filter that is asked with.
import { expect, it } from "vitest";
import { filterOf, type ListChoice } from "./filter";

const NOTHING: ListChoice = { range: "24h", organization: null, status: null, type: null, search: "" };
const ID = "01a1f84a-95c0-7000-8000-000000000009";

it("asks for the range", () => {
  expect(filterOf(NOTHING)).toEqual({ createdAt: { last: "PT24H" } });
});

it("finds an id whenever it was", () => {
  expect(filterOf({ ...NOTHING, search: ` ${ID} ` })).toEqual({
    or: [{ id: [ID] }, { correlationId: { eq: ID } }],
  });
});

it("looks for other texts in correlation ids and titles, within the range", () => {
  expect(
    filterOf({ ...NOTHING, search: "order-7", organization: "acme", type: "lesson", status: "FAILED" }),
  ).toEqual({
    organizationId: { eq: "acme" },
    type: { eq: "lesson" },
    status: ["FAILED"],
    createdAt: { last: "PT24H" },
    or: [{ correlationId: { startsWith: "order-7" } }, { title: { contains: "order-7" } }],
  });
});

it("shows what is at work however old it is", () => {
  expect(filterOf({ ...NOTHING, status: "ACTIVE" })).toEqual({ status: ["PENDING", "RUNNING", "STALLED"] });
  expect(filterOf({ ...NOTHING, status: "NONSENSE" })).toEqual(filterOf(NOTHING));
});
