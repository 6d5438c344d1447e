// The current time by the server's clock, for values that change every second.
import { useEffect, useState } from "react";

const TICK_MS = 1_000;
/** The Date header has seconds and responses take time, so smaller differences are ignored. */
const MIN_CLOCK_SKEW_MS = 2_000;

let clockSkewMs = 0;

/** Measure the difference between the server's clock and this one from the Date header of a response. */
export function recordServerTime(header: string | null): void {
  const serverTime = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(serverTime)) return;
  const difference = serverTime - Date.now();
  clockSkewMs = Math.abs(difference) < MIN_CLOCK_SKEW_MS ? 0 : difference;
}

/** Return the current time in milliseconds by the server's clock. */
export function serverNow(): number {
  return Date.now() + clockSkewMs;
}

/** Return the current time in milliseconds, updated every second while `ticking` and when the page becomes visible. */
export function useNow(ticking: boolean): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!ticking) return;
    const tick = () => setNow(serverNow());
    tick();
    const timer = setInterval(tick, TICK_MS);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [ticking]);
  return now;
}
