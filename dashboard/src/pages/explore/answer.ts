// Converts the response to rows of plain values.
import { count, duration, money, NO_VALUE, perSecond, share, type Numeric } from "../../format";
import { attributeAlias, distinctAlias } from "./document";
import { attributeOf, type Question } from "./question";
import { writeJson } from "../../api/json";

type Json = Record<string, unknown>;

export interface Answer {
  rows: Json[];
  others?: Json | null;
  totals: Json;
  span: { since: string | null; until: string | null };
  truncated: boolean;
  coverage: { source: string; quantileError: number | null; asOf: string };
}

export interface AnswerRow {
  id: string;
  start: string | null;
  keys: (string | null)[];
  values: (Numeric | null)[];
  previous: (Numeric | null)[] | null;
}

/** Return the rows in the server's order. */
export function rowsOf(question: Question, answer: Answer): AnswerRow[] {
  return answer.rows.map((row) => rowOf(question, row));
}

export function rowOf(question: Question, row: Json): AnswerRow {
  const key = (row["key"] ?? {}) as Json;
  const keys = question.groups.map((name, index) =>
    textOf(key[attributeOf(name) === null ? name : attributeAlias(index)]),
  );
  const start = (row["bucket"] as { start: string } | null | undefined)?.start ?? null;
  const previous = row["previous"] as Json | null | undefined;
  return {
    id: writeJson([start, keys]),
    start,
    keys,
    values: valuesOf(question, row),
    previous: question.compare === "none" ? null : valuesOf(question, previous ?? {}),
  };
}

function valuesOf({ measures }: Question, part: Json): (Numeric | null)[] {
  return measures.map((name) => {
    const [field = "", statistic] = name.split(".", 2);
    const value =
      statistic === undefined
        ? part[field]
        : field === "distinct"
          ? part[distinctAlias(statistic)]
          : (part[field] as Json | null | undefined)?.[statistic];
    return typeof value === "number" || typeof value === "bigint" ? value : null;
  });
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** Return the format of a measure: percentage, money, duration, rate or number. */
export function formatOf(measure: string): (value: Numeric | null) => string {
  const [field = "", statistic] = measure.split(".", 2);
  if (field.endsWith("Rate") || field === "progress") return forFloats(share);
  if (field.startsWith("cost")) return forFloats(money);
  if (field.endsWith("Ms")) return forFloats(duration);
  if (field === "perSecond") return forFloats(perSecond);
  return statistic === undefined || statistic === "sum" || field === "distinct" ? count : formatNumber;
}

const twoDigitFormat = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const formatNumber = (value: Numeric | null) =>
  value === null
    ? NO_VALUE
    : typeof value === "bigint" || Number.isInteger(value)
      ? count(value)
      : twoDigitFormat.format(value);

/** Apply a format for floats to any number. */
const forFloats = (format: (value: number | null) => string) => (value: Numeric | null) =>
  format(value === null ? null : Number(value));

const STATISTIC_LABELS: Record<string, string> = {
  sum: "sum",
  avg: "average",
  min: "minimum",
  max: "maximum",
  p50: "median",
  p90: "p90",
  p95: "p95",
  p99: "p99",
};

/** Return the label of a field: durationMs is duration. */
export function label(name: string): string {
  const path = attributeOf(name);
  if (path !== null) return path;
  const [field = "", statistic] = name.split(".", 2);
  const fieldLabel = field
    .replace(/Ms$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/ id$/, "");
  if (field === "distinct") return `distinct ${label(statistic ?? "")}`;
  return statistic === undefined ? fieldLabel : `${fieldLabel}, ${STATISTIC_LABELS[statistic] ?? statistic}`;
}
