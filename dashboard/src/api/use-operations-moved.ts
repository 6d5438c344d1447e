// Asking anew when operations were recorded: a live count is the hint.
import { useEffect, useRef } from "react";
import { follow } from "./follow";
import { OperationsMovedDocument, type OperationFilter } from "./generated";

const LEAST = "PT5S";

/** Call `refresh` when the count of those operations has changed, at most every five seconds. */
export function useOperationsMoved(where: OperationFilter | null, refresh: () => void): void {
  const key = where === null ? null : JSON.stringify(where);
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    if (key === null) return;
    let known: number | null = null;
    return follow(OperationsMovedDocument, {
      variables: () => ({ where: JSON.parse(key) as OperationFilter, minInterval: LEAST }),
      onData: ({ operationStatsLive: { totals } }) => {
        if (known !== null && known !== totals.count) latest.current();
        known = totals.count;
      },
    });
  }, [key]);
}
