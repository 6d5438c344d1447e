// The time range of the pages, a parameter of the address.
import { setQuery, useQueryString } from "../router";

export const RANGES = ["1h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

const HOUR_MS = 3_600_000;
export const RANGE_MS: Record<Range, number> = {
  "1h": HOUR_MS,
  "24h": 24 * HOUR_MS,
  "7d": 168 * HOUR_MS,
  "30d": 720 * HOUR_MS,
};
export const RANGE_LABELS: Record<Range, string> = {
  "1h": "Last hour",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};
/** As ISO 8601, for the filters of the API. */
export const RANGE_DURATION: Record<Range, string> = {
  "1h": "PT1H",
  "24h": "PT24H",
  "7d": "P7D",
  "30d": "P30D",
};
/** Time buckets of charts for each range. */
export const RANGE_BUCKET = {
  "1h": { unit: "MINUTE", every: 1 },
  "24h": { unit: "MINUTE", every: 30 },
  "7d": { unit: "HOUR", every: 3 },
  "30d": { unit: "HOUR", every: 12 },
} as const;

/** Return the range of a query string, 24 hours by default. */
export function rangeFromQuery(query: URLSearchParams): Range {
  const name = query.get("range");
  return RANGES.find((range) => range === name) ?? "24h";
}

/** Return the range of the current address. */
export function useRange(): Range {
  return rangeFromQuery(useQueryString());
}

export function setRange(range: Range): void {
  setQuery({ range: range === "24h" ? null : range });
}

/** The viewer's time zone, in which days start and times are shown. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
