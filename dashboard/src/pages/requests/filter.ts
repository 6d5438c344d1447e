// What the list asks for: the words of the address as a filter of the API.
import type { EventFilter, RequestFilter, RequestStatus } from "../../api/generated";
import { RANGE_DURATION, type Range } from "../../state/range";

export const STATUSES: RequestStatus[] = [
  "PENDING",
  "RUNNING",
  "STALLED",
  "COMPLETED",
  "FAILED",
  "CANCELLED",
];
const ACTIVE: RequestStatus[] = ["PENDING", "RUNNING", "STALLED"];

export interface ListChoice {
  range: Range;
  organization: string | null;
  /** A status, ACTIVE for those that have not ended, or nothing for all. */
  status: string | null;
  type: string | null;
  search: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An id is looked for in all of time, anything else within the range. */
export function filterOf({ range, organization, status, type, search }: ListChoice): RequestFilter {
  const text = search.trim();
  const filter: RequestFilter = {};
  if (organization !== null) filter.organizationId = { eq: organization };
  if (type) filter.type = { eq: type };
  const statuses = statusesOf(status);
  if (statuses) filter.status = statuses;
  if (UUID.test(text)) {
    filter.or = [{ id: [text] }, { correlationId: { eq: text } }];
    return filter;
  }
  if (text) filter.or = [{ correlationId: { startsWith: text } }, { title: { contains: text } }];
  // What is still at work is of interest however old it is.
  if (status !== "ACTIVE") filter.createdAt = { last: RANGE_DURATION[range] };
  return filter;
}

export function statusesOf(status: string | null): RequestStatus[] | null {
  if (status === "ACTIVE") return ACTIVE;
  const known = STATUSES.find((name) => name === status);
  return known ? [known] : null;
}

/** The events that may change what the list shows. */
export function eventsOf({ organization, type }: ListChoice): EventFilter {
  const filter: EventFilter = {};
  if (organization !== null) filter.organizationId = { eq: organization };
  if (type) filter.requestType = { eq: type };
  return filter;
}
