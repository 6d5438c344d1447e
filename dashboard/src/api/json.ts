// JSON that keeps whole numbers exact: from 2^53 on they are bigints, which JSON.parse alone would round.

interface Context {
  /** The text of a number as it was sent; browsers from 2023 (Chrome), 2025 (Firefox, Safari) on give it. */
  source?: string;
}

const LONG_DIGITS = /\d{16}/;
const WHOLE = /^-?\d+$/;

/** A whole number that is no exact float as a bigint, everything else as it is. */
export function reviveWhole(_key: string, value: unknown, context?: Context): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && WHOLE.test(source) ? BigInt(source) : value;
}

export function parseJson(text: string): unknown {
  // A reviver takes several times as long: most answers have no such number.
  return LONG_DIGITS.test(text) ? (JSON.parse(text, reviveWhole) as unknown) : (JSON.parse(text) as unknown);
}

/** The same as an object that JSON.stringify writes digit by digit, for what shows answers as JSON. */
export function reviveRaw(key: string, value: unknown, context?: Context): unknown {
  const found = reviveWhole(key, value, context);
  return typeof found === "bigint" && rawJSON ? rawJSON(String(found)) : value;
}

const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown };

/** A bigint as its digits; as text where the browser has no way to write them. The API reads both. */
export function replaceWhole(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return rawJSON ? rawJSON(String(value)) : String(value);
}

export function writeJson(value: unknown, space?: number): string {
  return JSON.stringify(value, replaceWhole, space);
}
