// Writes src/api/catalog.ts: the dimensions, measures and filters of each source, from the schema.
import { getNamedType, isEnumType, isInputObjectType, isObjectType } from "graphql";
import { writeIfChanged } from "./generated-file.mjs";

const OUTPUT = new URL("../src/api/catalog.ts", import.meta.url);
const SOURCES = {
  operations: { type: "Operation", time: "occurredAt" },
  requests: { type: "Request", time: "createdAt" },
  stages: { type: "Stage", time: "startedAt" },
  events: { type: "Event", time: "occurredAt" },
  // Monthly counters have no time.
  interactions: { type: "Interaction", time: null },
};
const FILTERS = {
  StringFilter: "text",
  IDFilter: "text",
  IntFilter: "number",
  LongFilter: "number",
  FloatFilter: "number",
  BooleanFilter: "boolean",
  UUIDFilter: "uuid",
};
/** Measures that repeat other fields. */
const EXCLUDED_MEASURES = new Set(["cost"]);

const camel = (name) => name.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

export function writeCatalog(schema) {
  const sources = Object.entries(SOURCES).map(([name, source]) => [name, describe(schema, name, source)]);
  const text = JSON.stringify(Object.fromEntries(sources), null, 2);
  writeIfChanged(
    OUTPUT,
    `// Generated from schema/schema.graphql; not committed.\nexport const CATALOG = ${text} as const;\n`,
  );
}

function describe(schema, name, { type, time }) {
  const row = schema.getType(`${type}StatsRow`).getFields();
  const measures = Object.values(row).flatMap(measuresOf);
  return {
    field: `${name.slice(0, -1)}Stats`,
    type,
    time,
    dimensions: schema
      .getType(`${type}Dimension`)
      .getValues()
      .map(({ name }) => camel(name)),
    attributes: "attribute" in schema.getType(`${type}Group`).getFields(),
    measures,
    filters: Object.values(schema.getType(`${type}Filter`).getFields()).flatMap(filtersOf),
  };
}

/** Return `count`, or `durationMs.p95` for each statistic of a number. */
function measuresOf({ name, type, args }) {
  const named = getNamedType(type);
  if (args.length > 0 || EXCLUDED_MEASURES.has(name)) return [];
  if (!isObjectType(named)) return [name];
  if (!/^(Number|Whole|Sum)Stats$/.test(named.name)) return [];
  return Object.values(named.getFields())
    .filter((figure) => figure.args.length === 0)
    .map((figure) => `${name}.${figure.name}`);
}

function filtersOf({ name, type }) {
  const named = getNamedType(type);
  const operand = isInputObjectType(named) && named.getFields().eq?.type;
  if (isEnumType(operand))
    return [{ name, kind: "enum", values: operand.getValues().map((value) => value.name) }];
  const kind = FILTERS[named.name];
  return kind ? [{ name, kind, values: [] }] : [];
}
