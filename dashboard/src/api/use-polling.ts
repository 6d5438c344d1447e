// Polling for data without a subscription. It pauses while the page is hidden.
import { useEffect, useRef } from "react";

/** Call `refresh` every `ms` while the page is in sight, and when it comes back into sight. */
export function usePolling(refresh: () => void, ms: number): void {
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => slide(() => latest.current(), ms), [ms]);
}

/** The same until the returned function is called. */
export function slide(refresh: () => void, ms: number): () => void {
  const look = () => {
    if (document.visibilityState === "visible") refresh();
  };
  const timer = setInterval(look, ms);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
