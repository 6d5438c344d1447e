// Refetches when the live count of operations changes, at most every five seconds.
import { useEffect, useRef } from "react";
import { follow } from "./follow";
import { slide } from "./use-polling";
import { OperationsChangedDocument, type OperationFilter } from "./generated";
import { parseJson, writeJson } from "./json";

const LEAST = "PT5S";
const SLIDE_MS = 30_000;

/**
 * Call `refresh` when the count of those operations has changed, at most every five seconds, and now and then
 * because the range slides on.
 */
export function useRefetchOnOperations(where: OperationFilter | null, refresh: () => void): void {
  const key = where === null ? null : writeJson(where);
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    if (key === null) return;
    let known: number | bigint | null = null;
    const stopSliding = slide(() => latest.current(), SLIDE_MS);
    const stop = follow(OperationsChangedDocument, {
      variables: () => ({ where: parseJson(key) as OperationFilter, minInterval: LEAST }),
      onData: ({ operationStatsLive: { totals } }) => {
        if (known !== null && known !== totals.count) latest.current();
        known = totals.count;
      },
    });
    return () => {
      stopSliding();
      stop();
    };
  }, [key]);
}
