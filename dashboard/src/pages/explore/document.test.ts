// Every question is a document that the schema takes, with variables of its types.
import { readFileSync } from "node:fs";
import { buildSchema, coerceInputValue, parse, typeFromAST, validate, type GraphQLInputType } from "graphql";
import { describe, expect, it } from "vitest";
import { CATALOG } from "../../api/catalog";
import { writeJson } from "../../api/json";
import { type Around, type Asked, writeDocument, writeExport } from "./document";
import { type Filter, hasAttributes, OPERATORS, type Question, readQuestion, SOURCES } from "./question";

const schema = buildSchema(readFileSync("../schema/schema.graphql", "utf8"));
const around: Around = { range: "24h", zone: "Europe/Berlin", organization: "acme" };

function problemsOf({ text, variables }: Asked): string[] {
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

const VALUES = { text: "x", number: "12", switch: "true", ids: "01a1f84a-95c0-7000-8000-000000000001" };

function filtersOf(source: Question["source"]): Filter[] {
  const fields = CATALOG[source].filters.flatMap(({ name, kind, values }) =>
    OPERATORS[kind].map((operator) => ({
      field: name as string,
      operator: operator as string,
      value: kind === "words" ? (values as readonly string[]).join(",") : VALUES[kind],
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

    it(`takes every group and measure of ${source}`, () => {
      const distinct = dimensions.map((name) => `distinct.${name}`);
      for (const measure of [...measures, ...distinct]) {
        for (const top of [null, 5]) {
          const question = { ...first, top, groups: [...dimensions], measures: [measure] };
          expect(problemsOf(writeDocument(question, around))).toEqual([]);
        }
      }
    });

    it(`takes every filter of ${source}, over time and compared`, () => {
      for (const filter of filtersOf(source)) {
        const question: Question = { ...first, filters: [filter], slice: "auto", compare: "PREVIOUS" };
        expect(problemsOf(writeDocument(question, around)), JSON.stringify(filter)).toEqual([]);
        expect(problemsOf(writeExport(question, around))).toEqual([]);
      }
    });
  }

  it("asks nothing for a filter without a value", () => {
    const first = readQuestion(new URLSearchParams());
    const filters = [{ field: "name", operator: "eq", value: "" }];
    expect(writeDocument({ ...first, filters }, around)).toEqual(writeDocument(first, around));
  });

  it("keeps paths of attributes out of the document's syntax", () => {
    const groups = ['attributes.a" ) { x'];
    const question = { ...readQuestion(new URLSearchParams()), groups };
    expect(problemsOf(writeDocument(question, around))).toEqual([]);
  });
});

it("filters by every digit of a number", () => {
  for (const field of ["tokensOriginal", "attributes.n"]) {
    for (const operator of ["eq", "gt", "lte"]) {
      const question = {
        ...readQuestion(new URLSearchParams({ source: "operations" })),
        filters: [{ field, operator, value: "9007199254740993" }],
      };
      const { variables } = writeDocument(question, around);
      expect(writeJson(variables)).toContain(`"${operator}":9007199254740993`);
    }
  }
});
