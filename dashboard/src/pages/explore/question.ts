// A query of the Explore page and its representation in the address.
import { CATALOG } from "../../api/catalog";

export type Source = keyof typeof CATALOG;
export const SOURCES = Object.keys(CATALOG) as Source[];

export const TIME_BUCKETS = {
  none: null,
  auto: null,
  "1m": { unit: "MINUTE", every: 1 },
  "5m": { unit: "MINUTE", every: 5 },
  "30m": { unit: "MINUTE", every: 30 },
  "1h": { unit: "HOUR", every: 1 },
  "6h": { unit: "HOUR", every: 6 },
  "1d": { unit: "DAY", every: 1 },
  "1w": { unit: "WEEK", every: 1 },
  "1mo": { unit: "MONTH", every: 1 },
} as const;
export type TimeBucket = keyof typeof TIME_BUCKETS;

export const OPERATORS = {
  text: ["eq", "ne", "contains", "startsWith", "isNull"],
  enum: ["in"],
  uuid: ["in"],
  number: ["eq", "gte", "lte", "gt", "lt"],
  boolean: ["eq"],
  attribute: ["eq", "exists", "gte", "lte", "gt", "lt"],
} as const;
export type FilterKind = keyof typeof OPERATORS;

export interface Filter {
  /** A field of the source's filter, or `attributes.PATH`. */
  field: string;
  operator: string;
  value: string;
}

export interface Question {
  source: Source;
  groups: string[];
  measures: string[];
  timeBucket: TimeBucket;
  filters: Filter[];
  /** Maximum number of groups, by the first measure; the others are combined. */
  top: number | null;
  compare: "none" | "PREVIOUS" | "LAST_YEAR";
}

export const DEFAULT_MEASURES: Record<Source, string[]> = {
  operations: ["count", "errorRate", "durationMs.p95"],
  requests: ["count", "errorRate", "durationMs.p95"],
  stages: ["count", "errorRate", "durationMs.p95"],
  events: ["count", "errorRate"],
  interactions: ["units.sum"],
};
export const DEFAULT_GROUPS: Record<Source, string[]> = {
  operations: ["name"],
  requests: ["type"],
  stages: ["name"],
  events: ["type"],
  interactions: ["interactionType"],
};
export const MAX_TOP = 1_000;

const ATTRIBUTES = "attributes.";
const SEPARATOR = "~";

/** The path of `attributes.PATH`; null for a field. */
export function attributeOf(field: string): string | null {
  return field.startsWith(ATTRIBUTES) ? field.slice(ATTRIBUTES.length) : null;
}

/** Read a query from the address, with defaults for missing and invalid parts. */
export function readQuestion(query: URLSearchParams): Question {
  const source = SOURCES.find((name) => name === query.get("source")) ?? "operations";
  const list = (name: string) => query.get(name)?.split(",").filter(Boolean);
  const top = Number.parseInt(query.get("top") ?? "10", 10);
  const compare = query.get("compare");
  const timeBucket = query.get("by") as TimeBucket | null;
  const measures = list("measures")?.filter((name) => isMeasure(source, name));
  return {
    source,
    groups: list("group")?.filter((name) => isGroup(source, name)) ?? DEFAULT_GROUPS[source],
    measures: measures?.length ? measures : DEFAULT_MEASURES[source],
    timeBucket: timeBucket !== null && Object.hasOwn(TIME_BUCKETS, timeBucket) ? timeBucket : "none",
    filters: query.getAll("where").flatMap((text) => readFilter(source, text)),
    top: top >= 1 && top <= MAX_TOP ? top : null,
    compare: compare === "PREVIOUS" || compare === "LAST_YEAR" ? compare : "none",
  };
}

/** Write a query to parameters of the address. */
export function writeQuestion(question: Question): URLSearchParams {
  const query = new URLSearchParams();
  query.set("source", question.source);
  query.set("group", question.groups.join(","));
  query.set("measures", question.measures.join(","));
  if (question.timeBucket !== "none") query.set("by", question.timeBucket);
  if (question.top !== 10) query.set("top", String(question.top ?? 0));
  if (question.compare !== "none") query.set("compare", question.compare);
  for (const { field, operator, value } of question.filters)
    query.append("where", [field, operator, value].join(SEPARATOR));
  return query;
}

/** Return the kind of filter of a field; undefined if it has none. */
export function kindOf(source: Source, field: string): FilterKind | undefined {
  if (attributeOf(field) !== null) return hasAttributes(source) ? "attribute" : undefined;
  return filterOf(source, field)?.kind;
}

export function filterOf(source: Source, field: string) {
  const filters: readonly { name: string; kind: FilterKind; values: readonly string[] }[] =
    CATALOG[source].filters;
  return filters.find(({ name }) => name === field);
}

export function isGroup(source: Source, name: string): boolean {
  const dimensions: readonly string[] = CATALOG[source].dimensions;
  return dimensions.includes(name) || (CATALOG[source].attributes && !!attributeOf(name));
}

export function isMeasure(source: Source, name: string): boolean {
  const measures: readonly string[] = CATALOG[source].measures;
  const [kind, field = ""] = name.split(".", 2);
  return measures.includes(name) || (kind === "distinct" && isGroup(source, field));
}

/** Return whether records of the source have attributes to filter by. */
export function hasAttributes(source: Source): boolean {
  return source === "operations" || source === "requests" || source === "events";
}

function readFilter(source: Source, text: string): Filter[] {
  const [field = "", operator = "", ...rest] = text.split(SEPARATOR);
  const kind = kindOf(source, field);
  const operators: readonly string[] = kind ? OPERATORS[kind] : [];
  return operators.includes(operator) ? [{ field, operator, value: rest.join(SEPARATOR) }] : [];
}
