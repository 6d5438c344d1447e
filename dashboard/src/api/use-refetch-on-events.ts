// Refetches after events of requests, at most every two seconds.
import { useEffect, useRef } from "react";
import { RequestsChangedDocument, type EventFilter } from "./generated";
import { subscribe } from "./subscribe";
import { connection } from "./socket";
import { pollWhileVisible } from "./use-polling";
import { parseJson, writeJson } from "./json";

const MIN_INTERVAL_MS = 2_000;
const RANGE_REFRESH_MS = 30_000;

/** Call `refresh` after a matching event, and regularly because the time range moves. */
export function useRefetchOnEvents(where: EventFilter, refresh: () => void): void {
  const key = writeJson(where);
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    let cursor: string | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    // The current data was just fetched.
    let lastRefreshAt = Date.now();
    const scheduleRefresh = () => {
      timer ??= setTimeout(
        () => {
          timer = undefined;
          lastRefreshAt = Date.now();
          latest.current();
        },
        Math.max(0, lastRefreshAt + MIN_INTERVAL_MS - Date.now()),
      );
    };
    const unsubscribe = subscribe(RequestsChangedDocument, {
      variables: () => ({ where: parseJson(key) as EventFilter, after: cursor }),
      onData: ({ requestEvents: item }) => {
        cursor = ("toCursor" in item ? item.toCursor : item.feedCursor) ?? cursor;
        scheduleRefresh();
      },
    });
    const stopPolling = pollWhileVisible(scheduleRefresh, RANGE_REFRESH_MS);
    // Requests may have changed while the connection was lost, and before the first cursor.
    const stopWatchingConnection = connection.subscribe(
      () => connection.get().state === "live" && scheduleRefresh(),
    );
    return () => {
      unsubscribe();
      stopWatchingConnection();
      clearTimeout(timer);
      stopPolling();
    };
  }, [key]);
}
