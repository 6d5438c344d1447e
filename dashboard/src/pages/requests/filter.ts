// Converts the parameters of the address to filters of the API.
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
const ACTIVE_STATUSES: RequestStatus[] = ["PENDING", "RUNNING", "STALLED"];

export interface ListFilters {
  range: Range;
  organization: string | null;
  /** A status, ACTIVE for requests that have not ended, or null for all. */
  status: string | null;
  type: string | null;
  search: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Return the filter. A search for an id ignores the time range. */
export function toRequestFilter({ range, organization, status, type, search }: ListFilters): RequestFilter {
  const text = search.trim();
  const filter: RequestFilter = {};
  if (organization !== null) filter.organizationId = { eq: organization };
  if (type) filter.type = { eq: type };
  const statuses = parseStatuses(status);
  if (statuses) filter.status = { in: statuses };
  if (UUID.test(text)) {
    filter.or = [{ id: { eq: text } }, { correlationId: { eq: text } }];
    return filter;
  }
  if (text) filter.or = [{ correlationId: { startsWith: text } }, { title: { contains: text } }];
  // Active requests are shown whatever their age.
  if (status !== "ACTIVE") filter.createdAt = { last: RANGE_DURATION[range] };
  return filter;
}

export function parseStatuses(status: string | null): RequestStatus[] | null {
  if (status === "ACTIVE") return ACTIVE_STATUSES;
  const match = STATUSES.find((name) => name === status);
  return match ? [match] : null;
}

/** Return a filter for the events that may change the list. */
export function toEventFilter({ organization, type }: ListFilters): EventFilter {
  const filter: EventFilter = {};
  if (organization !== null) filter.organizationId = { eq: organization };
  if (type) filter.requestType = { eq: type };
  return filter;
}
