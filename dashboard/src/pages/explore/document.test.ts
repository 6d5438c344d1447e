// Every query is a valid document of the schema, with valid variables.
import { readFileSync } from "node:fs";
import { buildSchema, coerceInputValue, parse, typeFromAST, validate, type GraphQLInputType } from "graphql";
import { describe, expect, it } from "vitest";
import { CATALOG } from "../../api/catalog";
import { writeJson } from "../../api/json";
import { type PageContext, type GraphQLRequest, writeDocument, writeExport } from "./document";
import { type Filter, hasAttributes, OPERATORS, type Question, readQuestion, SOURCES } from "./question";

const schema = buildSchema(readFileSync("../schema/schema.graphql", "utf8"));
const context: PageContext = { range: "24h", zone: "Europe/Berlin", organization: "acme" };

function problemsOf({ text, variables }: GraphQLRequest): string[] {
  const document = parse(text);
  const problems = validate(schema, document).map(({ message }) => message);
  const [operation] = document.definitions;
  if (operation?.kind !== "OperationDefinition") return ["there is no operation"];
  for (const { variable, type } of operation.variableDefinitions ?? []) {
    const input = typeFromAST(schema, type) as GraphQLInputType;
    const value = coerceInputValue(variables[variable.name.value], input);
    if (value === undefined) problems.push(`${variable.name.value} is no ${input.toString()}`);
  }
  return problems;
}

const VALUES = { text: "x", number: "12", boolean: "true", uuid: "01a1f84a-95c0-7000-8000-000000000001" };

function filtersOf(source: Question["source"]): Filter[] {
  const fields = CATALOG[source].filters.flatMap(({ name, kind, values }) =>
    OPERATORS[kind].map((operator) => ({
      field: name as string,
      operator: operator as string,
      value: kind === "enum" ? (values as readonly string[]).join(",") : VALUES[kind],
    })),
  );
  if (!hasAttributes(source)) return fields;
  const attributes = OPERATORS.attribute.map((operator) => ({
    field: "attributes.a.b",
    operator,
    value: operator === "exists" ? "true" : "12",
  }));
  return [...fields, ...attributes];
}

describe("the document of a question", () => {
  for (const source of SOURCES) {
    const first = readQuestion(new URLSearchParams({ source }));
    const { dimensions, measures } = CATALOG[source];

    it(`supports every group and measure of ${source}`, () => {
      const distinct = dimensions.map((name) => `distinct.${name}`);
      for (const measure of [...measures, ...distinct]) {
        for (const top of [null, 5]) {
          const question = { ...first, top, groups: [...dimensions], measures: [measure] };
          expect(problemsOf(writeDocument(question, context))).toEqual([]);
        }
      }
    });

    it(`supports every filter of ${source}, over time and compared`, () => {
      for (const filter of filtersOf(source)) {
        const question: Question = { ...first, filters: [filter], timeBucket: "auto", compare: "PREVIOUS" };
        expect(problemsOf(writeDocument(question, context)), JSON.stringify(filter)).toEqual([]);
        expect(problemsOf(writeExport(question, context))).toEqual([]);
      }
    });
  }

  it("ignores a filter without a value", () => {
    const first = readQuestion(new URLSearchParams());
    const filters = [{ field: "name", operator: "eq", value: "" }];
    expect(writeDocument({ ...first, filters }, context)).toEqual(writeDocument(first, context));
  });

  it("escapes attribute paths", () => {
    const groups = ['attributes.a" ) { x'];
    const question = { ...readQuestion(new URLSearchParams()), groups };
    expect(problemsOf(writeDocument(question, context))).toEqual([]);
  });
});

it("filters by every digit of a number", () => {
  for (const field of ["tokensOriginal", "attributes.n"]) {
    for (const operator of ["eq", "gt", "lte"]) {
      const question = {
        ...readQuestion(new URLSearchParams({ source: "operations" })),
        filters: [{ field, operator, value: "9007199254740993" }],
      };
      const { variables } = writeDocument(question, context);
      expect(writeJson(variables)).toContain(`"${operator}":9007199254740993`);
    }
  }
});
