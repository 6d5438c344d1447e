// The span of time that the pages show: a word in the address, and what follows from it.
import { setQuery, useQueryString } from "../router";

export const RANGES = ["1h", "24h", "7d", "30d"] as const;
export type Range = (typeof RANGES)[number];

const HOUR = 3_600_000;
export const RANGE_MS: Record<Range, number> = {
  "1h": HOUR,
  "24h": 24 * HOUR,
  "7d": 168 * HOUR,
  "30d": 720 * HOUR,
};
export const RANGE_WORDS: Record<Range, string> = {
  "1h": "last hour",
  "24h": "last 24 hours",
  "7d": "last 7 days",
  "30d": "last 30 days",
};
/** As ISO 8601, for the filters of the API. */
export const RANGE_DURATION: Record<Range, string> = {
  "1h": "PT1H",
  "24h": "PT24H",
  "7d": "P7D",
  "30d": "P30D",
};
/** Slices of which a chart of that range is made. */
export const RANGE_BUCKET = {
  "1h": { unit: "MINUTE", every: 1 },
  "24h": { unit: "MINUTE", every: 30 },
  "7d": { unit: "HOUR", every: 3 },
  "30d": { unit: "HOUR", every: 12 },
} as const;

/** The range in the query of an address; a day where none is there. */
export function rangeIn(query: URLSearchParams): Range {
  const word = query.get("range");
  return RANGES.find((range) => range === word) ?? "24h";
}

/** The range in the address. */
export function useRange(): Range {
  return rangeIn(useQueryString());
}

export function setRange(range: Range): void {
  setQuery({ range: range === "24h" ? null : range });
}

/** The viewer's own zone, in which days begin and times are shown. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
