// The selected range and organization as filters of the API.
import { useMemo } from "react";
import type {
  CircuitBreakerFilter,
  EventFilter,
  OperationFilter,
  RequestFilter,
  StageFilter,
} from "../api/generated";
import { useQueryString } from "../router";
import { RANGE_DURATION, type Range, rangeFromQuery } from "./range";
import { useViewer } from "./viewer";

export interface Scope {
  requests: RequestFilter;
  stages: StageFilter;
  operations: OperationFilter;
  breakers: CircuitBreakerFilter;
  /** Events of requests at any time: they change the numbers. */
  requestEvents: EventFilter;
}

/** Return the filters of a query string, for viewers who may select an organization. */
export function scopeFromQuery(query: URLSearchParams): Scope {
  return scopeOf(rangeFromQuery(query), query.get("organization"));
}

/** Return the filters; the same object until the range or organization changes. */
export function useScope(): Scope {
  const query = useQueryString();
  const range = rangeFromQuery(query);
  // A viewer of one organization needs no filter: the server applies it.
  const organization = useViewer().organizationId === null ? query.get("organization") : null;
  return useMemo(() => scopeOf(range, organization), [range, organization]);
}

function scopeOf(range: Range, organization: string | null): Scope {
  const organizationFilter = organization === null ? {} : { organizationId: { eq: organization } };
  const time = { last: RANGE_DURATION[range] };
  return {
    requests: { ...organizationFilter, createdAt: time },
    stages: { ...organizationFilter, startedAt: time },
    operations: { ...organizationFilter, occurredAt: time },
    breakers: organizationFilter,
    requestEvents: { ...organizationFilter, type: { startsWith: "request." } },
  };
}
