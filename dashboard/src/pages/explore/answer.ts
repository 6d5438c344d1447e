// The answer to a question as rows of plain values, whatever was selected.
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

/** The rows in the server's order. */
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
    const [first = "", figure] = name.split(".", 2);
    const found =
      figure === undefined
        ? part[first]
        : first === "distinct"
          ? part[distinctAlias(figure)]
          : (part[first] as Json | null | undefined)?.[figure];
    return typeof found === "number" || typeof found === "bigint" ? found : null;
  });
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** How a measure is written: a share, money, a duration, a rate or a number. */
export function formatOf(measure: string): (value: Numeric | null) => string {
  const [first = "", figure] = measure.split(".", 2);
  if (first.endsWith("Rate") || first === "progress") return of(share);
  if (first.startsWith("cost")) return of(money);
  if (first.endsWith("Ms")) return of(duration);
  if (first === "perSecond") return of(perSecond);
  return figure === undefined || figure === "sum" || first === "distinct" ? count : figures;
}

const twoDigits = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const figures = (value: Numeric | null) =>
  value === null
    ? NO_VALUE
    : typeof value === "bigint" || Number.isInteger(value)
      ? count(value)
      : twoDigits.format(value);

/** A format of floats, for any number. */
const of = (format: (value: number | null) => string) => (value: Numeric | null) =>
  format(value === null ? null : Number(value));

const FIGURES: Record<string, string> = {
  sum: "sum",
  avg: "mean",
  min: "least",
  max: "greatest",
  p50: "median",
  p90: "90 %",
  p95: "95 %",
  p99: "99 %",
};

/** A field's name as words: durationMs is duration. */
export function label(name: string): string {
  const path = attributeOf(name);
  if (path !== null) return path;
  const [first = "", figure] = name.split(".", 2);
  const plain = first
    .replace(/Ms$/, "")
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/ id$/, "");
  if (first === "distinct") return `distinct ${label(figure ?? "")}`;
  return figure === undefined ? plain : `${plain}, ${FIGURES[figure] ?? figure}`;
}
