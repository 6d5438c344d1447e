// Polling for data without a subscription. It pauses while the page is hidden.
import { useEffect, useRef } from "react";

/** Call `refresh` every `ms` milliseconds while the page is visible, and when it becomes visible. */
export function usePolling(refresh: () => void, ms: number): void {
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => pollWhileVisible(() => latest.current(), ms), [ms]);
}

/** Poll until the returned function is called. */
export function pollWhileVisible(refresh: () => void, ms: number): () => void {
  const refreshIfVisible = () => {
    if (document.visibilityState === "visible") refresh();
  };
  const timer = setInterval(refreshIfVisible, ms);
  document.addEventListener("visibilitychange", refreshIfVisible);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", refreshIfVisible);
  };
}
