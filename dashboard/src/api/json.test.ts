// 64-bit integers are read and written without loss.
import { expect, it, vi } from "vitest";
import { parseJson, reviveRawNumber, reviveBigInt, writeJson } from "./json";

const WHOLE = [
  "0",
  "-1",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "9007199254740995",
  "9223372036854775807",
  "-9223372036854775808",
  "27670116110564327421",
];

it.each(WHOLE)("keeps %s", (text) => {
  const body = `{"a": [${text}], "b": {"c": ${text}}}`;
  const found = parseJson(body) as { a: [number | bigint]; b: { c: number | bigint } };
  expect(String(found.a[0])).toBe(text);
  expect(typeof found.b.c).toBe(Number.isSafeInteger(Number(text)) ? "number" : "bigint");
  expect(writeJson(found)).toBe(body.replaceAll(" ", ""));
});

it("leaves floats, texts and everything else as they are", () => {
  const text = '{"a": 0.1, "b": 1.5e300, "c": "9007199254740993", "d": null, "e": 12345678901234567.5}';
  expect(parseJson(text)).toEqual(JSON.parse(text));
  expect(writeJson([1, "2", null, { a: 0.1 }], 2)).toBe(JSON.stringify([1, "2", null, { a: 0.1 }], null, 2));
});

it("sends text where the browser cannot write the digits, and reads what it can", async () => {
  expect(reviveBigInt("", 9007199254740992)).toBe(9007199254740992);
  vi.resetModules();
  vi.stubGlobal("JSON", { parse: JSON.parse, stringify: JSON.stringify });
  const old = await import("./json");
  expect(old.writeJson({ n: 9007199254740993n })).toBe('{"n":"9007199254740993"}');
  vi.unstubAllGlobals();
});

it("writes an answer again as it came", () => {
  const text = '{"a":9007199254740993,"b":[1.5,1,-9223372036854775808]}';
  expect(JSON.stringify(JSON.parse(text, reviveRawNumber))).toBe(text);
});
