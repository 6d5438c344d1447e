// Formats numbers, money, durations and times in the viewer's language and time zone.

import { serverNow } from "./state/now";

const LOCALE = typeof navigator === "undefined" ? "en" : navigator.language;

const integerFormat = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const compactFormat = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumSignificantDigits: 3 });
const percentFormat = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });

/** Shown for a missing value. */
export const NO_VALUE = "–";

/** A number; a bigint if it is an integer beyond 2^53. */
export type Numeric = number | bigint;

/** Format an integer with all digits; "≈" marks one that may have been rounded. */
export function count(value: Numeric | null | undefined): string {
  if (value == null) return NO_VALUE;
  const isRounded = typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return isRounded ? `≈ ${integerFormat.format(value)}` : integerFormat.format(value);
}

/** Abbreviate numbers from 100,000 on: 128K, 4.21M. */
export function compact(value: Numeric | null | undefined): string {
  if (value == null) return NO_VALUE;
  return Math.abs(Number(value)) < 100_000 ? integerFormat.format(value) : compactFormat.format(value);
}

export function share(value: number | null | undefined): string {
  return value == null ? NO_VALUE : percentFormat.format(value);
}

/** Format US dollars, with more digits for small amounts. */
export function money(value: number | null | undefined): string {
  if (value == null) return NO_VALUE;
  const magnitude = Math.abs(value);
  const digits = magnitude === 0 || magnitude >= 1 ? 2 : magnitude >= 0.01 ? 4 : 6;
  return new Intl.NumberFormat(LOCALE, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(value);
}

export function perSecond(value: number | null | undefined): string {
  if (value == null) return NO_VALUE;
  const number = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });
  // Rates below one per minute are shown per hour.
  if (value > 0 && value < 1 / 60) return `${number.format(value * 3600)}/h`;
  if (value > 0 && value < 1) return `${number.format(value * 60)}/min`;
  return `${number.format(value)}/s`;
}

/** 840 ms, 4.2 s, 3 min 05 s, 2 h 10 min, 3 d 4 h. */
export function duration(ms: number | null | undefined): string {
  if (ms == null) return NO_VALUE;
  if (ms < 1) return ms === 0 ? "0 ms" : `${ms.toFixed(2)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 1 : 0)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const timeFormat = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dateFormat = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric" });
const dateWithYearFormat = new Intl.DateTimeFormat(LOCALE, {
  year: "numeric",
  month: "short",
  day: "numeric",
});

/** Format a time, with its date unless it is today: 14:03:07 or 19 Nov, 14:03:07. */
export function instant(value: string | number | Date, now = new Date()): string {
  const time = new Date(value);
  if (time.toDateString() === now.toDateString()) return timeFormat.format(time);
  const day = time.getFullYear() === now.getFullYear() ? dateFormat : dateWithYearFormat;
  return `${day.format(time)}, ${timeFormat.format(time)}`;
}

/** Format the exact time in the viewer's time zone and in UTC. */
export function exactInstant(value: string): string {
  const time = new Date(value);
  const local = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "long" }).format(time);
  return `${local}\n${value}`;
}

/** in 40 s, 3 min ago. */
export function fromNow(value: string, now = serverNow()): string {
  const difference = new Date(value).getTime() - now;
  const magnitude = Math.abs(difference);
  const [unit, ms] =
    magnitude < 60_000
      ? (["second", 1_000] as const)
      : magnitude < 3_600_000
        ? (["minute", 60_000] as const)
        : magnitude < 86_400_000
          ? (["hour", 3_600_000] as const)
          : (["day", 86_400_000] as const);
  return new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto", style: "short" }).format(
    Math.round(difference / ms),
    unit,
  );
}

/** Turn SOME_NAME into words: Some name. */
export function sentenceCase(name: string): string {
  const text = name.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
