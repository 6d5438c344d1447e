// JSON with exact integers: those beyond 2^53, which JSON.parse would round, become bigints.

interface Context {
  /** The source text of a number. Available in Chrome since 2023, in Firefox and Safari since 2025. */
  source?: string;
}

const SIXTEEN_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** Revive integers that are not exact floats as bigints. */
export function reviveBigInt(_key: string, value: unknown, context?: Context): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && INTEGER.test(source) ? BigInt(source) : value;
}

export function parseJson(text: string): unknown {
  // A reviver is several times slower, and most responses contain no such number.
  return SIXTEEN_DIGITS.test(text)
    ? (JSON.parse(text, reviveBigInt) as unknown)
    : (JSON.parse(text) as unknown);
}

/** Revive such integers as raw JSON, which JSON.stringify writes with all digits. */
export function reviveRawNumber(key: string, value: unknown, context?: Context): unknown {
  const revived = reviveBigInt(key, value, context);
  return typeof revived === "bigint" && rawJSON ? rawJSON(String(revived)) : value;
}

const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };

/** Write a bigint with all digits, or as a string in browsers without raw JSON. The API accepts both. */
export function replaceBigInt(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return rawJSON ? rawJSON(String(value)) : String(value);
}

export function writeJson(value: unknown, space?: number): string {
  return JSON.stringify(value, replaceBigInt, space);
}
