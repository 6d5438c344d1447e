// Converts a query of the page to a GraphQL document and its variables.
import { CATALOG } from "../../api/catalog";
import { parseJson } from "../../api/json";
import { RANGE_BUCKET, RANGE_DURATION, type Range } from "../../state/range";
import { attributeOf, type Filter, kindOf, type Question, TIME_BUCKETS, type Source } from "./question";

export interface GraphQLRequest {
  text: string;
  variables: Record<string, unknown>;
}

/** Selections of the page outside of the query. */
export interface PageContext {
  range: Range;
  zone: string;
  organization: string | null;
}

export const MAX_ROWS = 1_000;

/** Return the document and its variables. */
export function writeDocument(question: Question, context: PageContext): GraphQLRequest {
  const { field, type } = CATALOG[question.source];
  const bucket = bucketOf(question, context);
  const variables: Record<string, unknown> = { where: whereOf(question, context) };
  const variableDefinitions = [`$where: ${type}Filter`];
  const fieldArguments = ["where: $where"];
  const addArgument = (name: string, kind: string, value: unknown) => {
    variables[name] = value;
    variableDefinitions.push(`$${name}: ${kind}`);
    fieldArguments.push(`${name}: $${name}`);
  };
  if (question.groups.length > 0) {
    addArgument("groupBy", `[${type}Group!]`, question.groups.map(groupOf));
    const by = measureOf(question.measures[0] ?? "count");
    if (question.top !== null) addArgument("top", "TopInput", { n: question.top, by, others: true });
    else if (!bucket) addArgument("orderBy", "[StatsOrder!]", [{ by, direction: "DESC" }]);
  }
  if (bucket) addArgument("bucket", "BucketInput", bucket);
  if (question.compare !== "none") addArgument("compare", "CompareInput", { previous: question.compare });
  addArgument("limit", "Int", MAX_ROWS);
  const lines = [
    `query Explore(${variableDefinitions.join(", ")}) {`,
    `  ${field}(${fieldArguments.join(", ")}) {`,
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

/** Return the document for /export, which contains only the rows. */
export function writeExport(question: Question, context: PageContext): GraphQLRequest {
  const { text, variables } = writeDocument(question, context);
  const lines = text.split("\n");
  const end = lines.indexOf("    }");
  return { text: [...lines.slice(0, end + 1), "  }", "}"].join("\n"), variables };
}

/** Return the bucket, derived from the time range if it is `auto`; null for none. */
export function bucketOf({ timeBucket, source }: Question, { range, zone }: PageContext) {
  if (timeBucket === "none") return null;
  const month = { unit: "MONTH", every: 1 } as const;
  const bucket =
    source === "interactions"
      ? month
      : timeBucket === "auto"
        ? RANGE_BUCKET[range]
        : TIME_BUCKETS[timeBucket];
  return bucket && { ...bucket, zone: source === "interactions" ? "UTC" : zone };
}

function whereOf({ source, filters }: Question, { range, organization }: PageContext) {
  const { time } = CATALOG[source];
  const conditions = filters.flatMap((filter) => conditionOf(source, filter));
  const where: Record<string, unknown> = {};
  if (time !== null) where[time] = { last: RANGE_DURATION[range] };
  if (organization !== null) where["organizationId"] = { eq: organization };
  if (conditions.length > 0) where["and"] = conditions;
  return where;
}

/** Convert a filter to a condition; none while it has no value. */
function conditionOf(source: Source, { field, operator, value }: Filter): Record<string, unknown>[] {
  const path = attributeOf(field);
  const typed = valueOf(kindOf(source, field), operator, value);
  if (typed === undefined || path === "") return [];
  const attributes = source === "events" ? "data" : "attributes";
  if (path !== null) return [{ [attributes]: [{ path, [operator]: typed }] }];
  return [{ [field]: { [operator]: typed } }];
}

function valueOf(kind: ReturnType<typeof kindOf>, operator: string, value: string): unknown {
  if (operator === "isNull" || operator === "exists" || kind === "boolean") return value !== "false";
  if (value === "") return undefined;
  if (kind === "enum" || kind === "uuid") return value.split(",").filter(Boolean);
  if (kind === "number" || (kind === "attribute" && operator !== "eq")) return numberOf(value);
  if (kind === "attribute") return jsonOf(value);
  return value;
}

/** Parse a number with all digits. */
function numberOf(value: string): number | bigint | undefined {
  const text = value.trim();
  const number = Number(text);
  if (Number.isNaN(number)) return undefined;
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

/** Parse an attribute: 12, true, "12" or plain text. */
function jsonOf(value: string): unknown {
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}

function groupOf(name: string) {
  const path = attributeOf(name);
  return path === null ? { field: toEnumValue(name) } : { attribute: path };
}

/** Return the measure as used in `top` and `orderBy`. */
function measureOf(name: string) {
  const [field = "", statistic] = name.split(".", 2);
  if (statistic === undefined) {
    const isCost = field.startsWith("cost");
    return isCost ? { number: { field: toEnumValue(field), stat: "SUM" } } : { measure: toEnumValue(field) };
  }
  if (field === "distinct") return { distinct: toEnumValue(statistic) };
  return { number: { field: toEnumValue(field), stat: toEnumValue(statistic) } };
}

const toEnumValue = (name: string) => name.replace(/[A-Z]/g, "_$&").toUpperCase();

function selectionOf(question: Question, hasBuckets: boolean): string[] {
  const keys = question.groups.map((name, index) => {
    const path = attributeOf(name);
    return path === null ? name : `${attributeAlias(index)}: attribute(path: ${JSON.stringify(path)})`;
  });
  return [
    ...(hasBuckets ? ["bucket { start }"] : []),
    ...(keys.length > 0 ? [`key { ${keys.join(" ")} }`] : []),
    ...measuresOf(question),
  ];
}

/** Return the alias of the attribute group at an index. */
export function attributeAlias(index: number): string {
  return `attribute${index}`;
}

/** Return the alias of the distinct count of a field. */
export function distinctAlias(field: string): string {
  return `distinct_${field}`;
}

function measuresOf({ measures, compare }: Question): string[] {
  const fields = measureFields(measures);
  return compare === "none" ? fields : [...fields, "previous {", ...indent(fields, 2), "}"];
}

function measureFields(measures: string[]): string[] {
  return measures.map((name) => {
    const [field = "", statistic] = name.split(".", 2);
    if (statistic === undefined) return field;
    return field === "distinct"
      ? `${distinctAlias(statistic)}: distinct(field: ${toEnumValue(statistic)})`
      : `${field} { ${statistic} }`;
  });
}

function part(name: string, question: Question): string[] {
  return [`    ${name} {`, ...indent(measuresOf(question), 6), "    }"];
}

function indent(lines: string[], by: number): string[] {
  return lines.map((line) => " ".repeat(by) + line);
}
