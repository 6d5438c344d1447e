// Asking anew when something has moved: a subscription is the hint, and is heeded at most every so often.
import { useEffect, useRef } from "react";
import { RequestsMovedDocument, type EventFilter } from "./generated";
import { follow } from "./follow";
import { connection } from "./socket";
import { slide } from "./use-regularly";
import { parseJson, writeJson } from "./json";

const LEAST_MS = 2_000;
const SLIDE_MS = 30_000;

/** Call `refresh` soon after an event of those requests, and now and then because the range slides on. */
export function useMoved(where: EventFilter, refresh: () => void): void {
  const key = writeJson(where);
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    let cursor: string | null = null;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    // What is shown was asked just now.
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
    const stop = follow(RequestsMovedDocument, {
      variables: () => ({ where: parseJson(key) as EventFilter, after: cursor }),
      onData: ({ requestEvents: item }) => {
        cursor = ("toCursor" in item ? item.toCursor : item.feedCursor) ?? cursor;
        moved();
      },
    });
    const stopSliding = slide(moved, SLIDE_MS);
    // What happened while the connection was lost, and before the first cursor, moved something, too.
    const back = connection.subscribe(() => connection.get().state === "live" && moved());
    return () => {
      stop();
      back();
      clearTimeout(waiting);
      stopSliding();
    };
  }, [key]);
}
