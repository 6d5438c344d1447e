// Asking anew every so often: for what no subscription tells. It rests while nobody looks.
import { useEffect, useRef } from "react";

/** Call `refresh` every `ms` while the page is in sight, and when it comes back into sight. */
export function useRegularly(refresh: () => void, ms: number): void {
  const latest = useRef(refresh);
  latest.current = refresh;
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && latest.current();
    const timer = setInterval(look, ms);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [ms]);
}
