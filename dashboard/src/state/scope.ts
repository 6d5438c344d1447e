// What the pages ask about: the chosen range and organization, as filters of the API.
import { useMemo } from "react";
import type {
  CircuitBreakerFilter,
  EventFilter,
  OperationFilter,
  RequestFilter,
  StageFilter,
} from "../api/generated";
import { useQueryString } from "../router";
import { RANGE_DURATION, type Range, rangeIn } from "./range";
import { useViewer } from "./viewer";

export interface Scope {
  requests: RequestFilter;
  stages: StageFilter;
  operations: OperationFilter;
  breakers: CircuitBreakerFilter;
  /** Beginnings and ends of requests, of any time: what moves the numbers. */
  turns: EventFilter;
}

/** What an address asks about, for those who may choose among organizations. */
export function scopeIn(query: URLSearchParams): Scope {
  return scopeOf(rangeIn(query), query.get("organization"));
}

/** Filters that stay the same object until the range or the organization changes. */
export function useScope(): Scope {
  const query = useQueryString();
  const range = rangeIn(query);
  // Who belongs to an organization sees no other anyway, and need not say which.
  const organization = useViewer().organizationId === null ? query.get("organization") : null;
  return useMemo(() => scopeOf(range, organization), [range, organization]);
}

function scopeOf(range: Range, organization: string | null): Scope {
  const of = organization === null ? {} : { organizationId: { eq: organization } };
  const time = { last: RANGE_DURATION[range] };
  return {
    requests: { ...of, createdAt: time },
    stages: { ...of, startedAt: time },
    operations: { ...of, occurredAt: time },
    breakers: of,
    turns: { ...of, type: { startsWith: "request." } },
  };
}
