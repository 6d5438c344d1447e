// Refetches after events of requests, at most every two seconds.
import { useEffect, useRef } from "react";
import { RequestsChangedDocument, type EventFilter } from "./generated";
import { follow } from "./follow";
import { connection } from "./socket";
import { slide } from "./use-polling";
import { parseJson, writeJson } from "./json";

const LEAST_MS = 2_000;
const SLIDE_MS = 30_000;

/** Call `refresh` soon after an event of those requests, and regularly because the range slides. */
export function useRefetchOnEvents(where: EventFilter, refresh: () => void): void {
  const key = writeJson(where);
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    let cursor: string | null = null;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    // The current data was just fetched.
    let last = Date.now();
    const moved = () => {
      waiting ??= setTimeout(
        () => {
          waiting = undefined;
          last = Date.now();
          latest.current();
        },
        Math.max(0, last + LEAST_MS - Date.now()),
      );
    };
    const stop = follow(RequestsChangedDocument, {
      variables: () => ({ where: parseJson(key) as EventFilter, after: cursor }),
      onData: ({ requestEvents: item }) => {
        cursor = ("toCursor" in item ? item.toCursor : item.feedCursor) ?? cursor;
        moved();
      },
    });
    const stopSliding = slide(moved, SLIDE_MS);
    // Changes may have happened while the connection was lost, and before the first cursor.
    const back = connection.subscribe(() => connection.get().state === "live" && moved());
    return () => {
      stop();
      back();
      clearTimeout(waiting);
      stopSliding();
    };
  }, [key]);
}
