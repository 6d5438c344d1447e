// What the pages ask about: the chosen range and organization, as filters of the API.
import { useMemo } from "react";
import type {
  CircuitBreakerFilter,
  EventFilter,
  OperationFilter,
  RequestFilter,
  StageFilter,
} from "../api/generated";
import { RANGE_DURATION, useRange } from "./range";
import { useOrganization } from "./viewer";

export interface Scope {
  requests: RequestFilter;
  stages: StageFilter;
  operations: OperationFilter;
  breakers: CircuitBreakerFilter;
  /** Beginnings and ends of requests, of any time: what moves the numbers. */
  turns: EventFilter;
}

/** Filters that stay the same object until the range or the organization changes. */
export function useScope(): Scope {
  const range = useRange();
  const organization = useOrganization();
  return useMemo(() => {
    const of = organization === null ? {} : { organizationId: { eq: organization } };
    const time = { last: RANGE_DURATION[range] };
    return {
      requests: { ...of, createdAt: time },
      stages: { ...of, startedAt: time },
      operations: { ...of, occurredAt: time },
      breakers: of,
      turns: { ...of, type: { startsWith: "request." } },
    };
  }, [range, organization]);
}
