// A question as GraphQL: a document for this very selection, and its variables.
import { CATALOG } from "../../api/catalog";
import { parseJson } from "../../api/json";
import { RANGE_BUCKET, RANGE_DURATION, type Range } from "../../state/range";
import { attributeOf, type Filter, kindOf, type Question, SLICES, type Source } from "./question";

export interface Asked {
  text: string;
  variables: Record<string, unknown>;
}

/** What the pages hold beside the question. */
export interface Around {
  range: Range;
  zone: string;
  organization: string | null;
}

export const MOST_ROWS = 1_000;

/** The document and its variables; `kind` is how its operation is to be sent. */
export function writeDocument(question: Question, around: Around): Asked {
  const { field, type } = CATALOG[question.source];
  const bucket = bucketOf(question, around);
  const variables: Record<string, unknown> = { where: whereOf(question, around) };
  const declared = [`$where: ${type}Filter`];
  const given = ["where: $where"];
  const give = (name: string, kind: string, value: unknown) => {
    variables[name] = value;
    declared.push(`$${name}: ${kind}`);
    given.push(`${name}: $${name}`);
  };
  if (question.groups.length > 0) {
    give("groupBy", `[${type}Group!]`, question.groups.map(groupOf));
    const by = measureOf(question.measures[0] ?? "count");
    if (question.top !== null) give("top", "TopInput", { n: question.top, by, others: true });
    else if (!bucket) give("orderBy", "[StatsOrder!]", [{ by, direction: "DESC" }]);
  }
  if (bucket) give("bucket", "BucketInput", bucket);
  if (question.compare !== "none") give("compare", "CompareInput", { previous: question.compare });
  give("limit", "Int", MOST_ROWS);
  const lines = [
    `query Explore(${declared.join(", ")}) {`,
    `  ${field}(${given.join(", ")}) {`,
    "    rows {",
    ...indent(selectionOf(question, bucket !== null), 6),
    "    }",
    ...(question.top !== null && question.groups.length > 0 ? part("others", question) : []),
    ...part("totals", question),
    "    span { since until }",
    "    truncated",
    "    coverage { source quantileError asOf }",
    "  }",
    "}",
  ];
  return { text: lines.join("\n"), variables };
}

/** The same as a file's list: the rows alone, which /export takes. */
export function writeExport(question: Question, around: Around): Asked {
  const { text, variables } = writeDocument(question, around);
  const lines = text.split("\n");
  const end = lines.indexOf("    }");
  return { text: [...lines.slice(0, end + 1), "  }", "}"].join("\n"), variables };
}

/** The slice of time, worked out from the range where it is `auto`; null for none. */
export function bucketOf({ slice, source }: Question, { range, zone }: Around) {
  if (slice === "none") return null;
  const monthly = { unit: "MONTH", every: 1 } as const;
  const chosen = source === "interactions" ? monthly : slice === "auto" ? RANGE_BUCKET[range] : SLICES[slice];
  return chosen && { ...chosen, zone: source === "interactions" ? "UTC" : zone };
}

function whereOf({ source, filters }: Question, { range, organization }: Around) {
  const { time } = CATALOG[source];
  const all = filters.flatMap((filter) => conditionOf(source, filter));
  const where: Record<string, unknown> = {};
  if (time !== null) where[time] = { last: RANGE_DURATION[range] };
  if (organization !== null) where["organizationId"] = { eq: organization };
  if (all.length > 0) where["and"] = all;
  return where;
}

/** One filter as a condition; none while its value is not written yet. */
function conditionOf(source: Source, { field, operator, value }: Filter): Record<string, unknown>[] {
  const path = attributeOf(field);
  const typed = valueOf(kindOf(source, field), operator, value);
  if (typed === undefined || path === "") return [];
  if (path !== null) return [{ attributes: [{ path, [operator]: typed }] }];
  return [{ [field]: { [operator]: typed } }];
}

function valueOf(kind: ReturnType<typeof kindOf>, operator: string, value: string): unknown {
  if (operator === "isNull" || operator === "exists" || kind === "switch") return value !== "false";
  if (value === "") return undefined;
  if (kind === "words" || kind === "ids") return value.split(",").filter(Boolean);
  if (kind === "number" || (kind === "attribute" && operator !== "eq")) return numberOf(value);
  if (kind === "attribute") return jsonOf(value);
  return value;
}

/** A number with all of its digits. */
function numberOf(value: string): number | bigint | undefined {
  const text = value.trim();
  const number = Number(text);
  if (Number.isNaN(number)) return undefined;
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

/** An attribute may be anything: 12, true, "12" or plain text. */
function jsonOf(value: string): unknown {
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}

function groupOf(name: string) {
  const path = attributeOf(name);
  return path === null ? { field: upper(name) } : { attribute: path };
}

/** How the measure is named where rows are chosen and ordered by it. */
function measureOf(name: string) {
  const [first = "", figure] = name.split(".", 2);
  if (figure === undefined) {
    const isCost = first.startsWith("cost");
    return isCost ? { number: { field: upper(first), stat: "SUM" } } : { measure: upper(first) };
  }
  if (first === "distinct") return { distinct: upper(figure) };
  return { number: { field: upper(first), stat: upper(figure) } };
}

const upper = (name: string) => name.replace(/[A-Z]/g, "_$&").toUpperCase();

function selectionOf(question: Question, sliced: boolean): string[] {
  const keys = question.groups.map((name, index) => {
    const path = attributeOf(name);
    return path === null ? name : `${attributeAlias(index)}: attribute(path: ${JSON.stringify(path)})`;
  });
  return [
    ...(sliced ? ["bucket { start }"] : []),
    ...(keys.length > 0 ? [`key { ${keys.join(" ")} }`] : []),
    ...measuresOf(question),
  ];
}

/** Where the answer has the group of that place. */
export function attributeAlias(index: number): string {
  return `attribute${index}`;
}

/** Where the answer has the distinct count of a field. */
export function distinctAlias(field: string): string {
  return `distinct_${field}`;
}

function measuresOf({ measures, compare }: Question): string[] {
  const found = selected(measures);
  return compare === "none" ? found : [...found, "previous {", ...indent(found, 2), "}"];
}

function selected(measures: string[]): string[] {
  return measures.map((name) => {
    const [first = "", figure] = name.split(".", 2);
    if (figure === undefined) return first;
    return first === "distinct"
      ? `${distinctAlias(figure)}: distinct(field: ${upper(figure)})`
      : `${first} { ${figure} }`;
  });
}

function part(name: string, question: Question): string[] {
  return [`    ${name} {`, ...indent(measuresOf(question), 6), "    }"];
}

function indent(lines: string[], by: number): string[] {
  return lines.map((line) => " ".repeat(by) + line);
}
