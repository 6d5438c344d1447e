// Refetches when the live count of operations changes, at most every five seconds.
import { useEffect, useRef } from "react";
import { subscribe } from "./subscribe";
import { pollWhileVisible } from "./use-polling";
import { OperationsChangedDocument, type OperationFilter } from "./generated";
import { parseJson, writeJson } from "./json";

const MIN_INTERVAL = "PT5S";
const RANGE_REFRESH_MS = 30_000;

/**
 * Call `refresh` when the number of matching operations has changed, at most every five seconds, and
 * regularly because the time range moves.
 */
export function useRefetchOnOperations(where: OperationFilter | null, refresh: () => void): void {
  const key = where === null ? null : writeJson(where);
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    if (key === null) return;
    let lastCount: number | bigint | null = null;
    const stopPolling = pollWhileVisible(() => latest.current(), RANGE_REFRESH_MS);
    const unsubscribe = subscribe(OperationsChangedDocument, {
      variables: () => ({ where: parseJson(key) as OperationFilter, minInterval: MIN_INTERVAL }),
      onData: ({ operationStatsLive: { totals } }) => {
        if (lastCount !== null && lastCount !== totals.count) latest.current();
        lastCount = totals.count;
      },
    });
    return () => {
      stopPolling();
      unsubscribe();
    };
  }, [key]);
}
