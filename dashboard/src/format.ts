// Numbers, money, durations and instants as people read them, in the viewer's language and zone.

import { serverNow } from "./state/now";

const LOCALE = typeof navigator === "undefined" ? "en" : navigator.language;

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });

/** What stands where there is nothing to say. */
export const NOTHING = "–";

/** A whole number; a bigint where it is no exact float. */
export type Whole = number | bigint;

/** With all of its digits; "≈" says that some may have been lost. */
export function count(value: Whole | null | undefined): string {
  if (value == null) return NOTHING;
  const isRounded = typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return isRounded ? `≈ ${whole.format(value)}` : whole.format(value);
}

/** Short from 100,000: 128K, 4.21M. */
export function compact(value: Whole | null | undefined): string {
  if (value == null) return NOTHING;
  return Math.abs(Number(value)) < 100_000 ? whole.format(value) : short.format(value);
}

export function share(value: number | null | undefined): string {
  return value == null ? NOTHING : percent.format(value);
}

/** US dollars, with as many digits as a small sum needs. */
export function money(value: number | null | undefined): string {
  if (value == null) return NOTHING;
  const size = Math.abs(value);
  const digits = size === 0 || size >= 1 ? 2 : size >= 0.01 ? 4 : 6;
  return new Intl.NumberFormat(LOCALE, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(value);
}

export function perSecond(value: number | null | undefined): string {
  if (value == null) return NOTHING;
  const number = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });
  // Below one a minute, a rate by the hour says more.
  if (value > 0 && value < 1 / 60) return `${number.format(value * 3600)}/h`;
  if (value > 0 && value < 1) return `${number.format(value * 60)}/min`;
  return `${number.format(value)}/s`;
}

/** 840 ms, 4.2 s, 3 min 05 s, 2 h 10 min, 3 d 4 h. */
export function duration(ms: number | null | undefined): string {
  if (ms == null) return NOTHING;
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

const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const date = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric" });
const dateWithYear = new Intl.DateTimeFormat(LOCALE, { year: "numeric", month: "short", day: "numeric" });

/** The time of today, else with its day: 14:03:07 or 19 Nov, 14:03:07. */
export function instant(value: string | number | Date, now = new Date()): string {
  const when = new Date(value);
  if (when.toDateString() === now.toDateString()) return clock.format(when);
  const day = when.getFullYear() === now.getFullYear() ? date : dateWithYear;
  return `${day.format(when)}, ${clock.format(when)}`;
}

/** The exact instant, in the viewer's zone and in UTC. */
export function exactInstant(value: string): string {
  const when = new Date(value);
  const local = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "long" }).format(when);
  return `${local}\n${value}`;
}

/** in 40 s, 3 min ago. */
export function fromNow(value: string, now = serverNow()): string {
  const away = new Date(value).getTime() - now;
  const size = Math.abs(away);
  const [unit, ms] =
    size < 60_000
      ? (["second", 1_000] as const)
      : size < 3_600_000
        ? (["minute", 60_000] as const)
        : size < 86_400_000
          ? (["hour", 3_600_000] as const)
          : (["day", 86_400_000] as const);
  return new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto", style: "short" }).format(
    Math.round(away / ms),
    unit,
  );
}

/** SOME_NAME or some.name as words: Some name. */
export function words(name: string): string {
  const text = name.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
