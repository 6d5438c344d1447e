// The present time by the server's clock, for what grows and passes while one looks.
import { useEffect, useState } from "react";

const TICK_MS = 1_000;
/** Answers name the second they were sent in, and take their time: smaller differences mean nothing. */
const LEAST_SKEW_MS = 2_000;

let skew = 0;

/** Learn how far the server's clock is from this one's, from the Date header of an answer. */
export function noteServerTime(header: string | null): void {
  const sent = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(sent)) return;
  const found = sent - Date.now();
  skew = Math.abs(found) < LEAST_SKEW_MS ? 0 : found;
}

/** Now in milliseconds, by the server's clock. */
export function serverNow(): number {
  return Date.now() + skew;
}

/** Now in milliseconds, again every second while `ticking`, and at once when the page comes into sight. */
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
