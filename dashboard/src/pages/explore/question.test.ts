// Queries survive being written to and read from the address.
import { describe, expect, it } from "vitest";
import { CATALOG } from "../../api/catalog";
import { type Question, readQuestion, SOURCES, writeQuestion } from "./question";

const reread = (question: Question) => readQuestion(writeQuestion(question));

describe("the question in the address", () => {
  it("has useful defaults", () => {
    const first = readQuestion(new URLSearchParams());
    expect(first).toMatchObject({ source: "operations", groups: ["name"], top: 10, timeBucket: "none" });
    expect(reread(first)).toEqual(first);
  });

  it("is unchanged after a round trip through the address", () => {
    const question: Question = {
      source: "operations",
      groups: ["toolName", "attributes.project.name"],
      measures: ["costSaved.sum", "distinct.userId"],
      timeBucket: "6h",
      filters: [
        { field: "kind", operator: "in", value: "TOOL,LLM" },
        { field: "name", operator: "contains", value: "a~b&c=ü" },
        { field: "attributes.size", operator: "gte", value: "12.5" },
        { field: "cacheHit", operator: "eq", value: "false" },
      ],
      top: null,
      compare: "LAST_YEAR",
    };
    expect(reread(question)).toEqual(question);
    expect(readQuestion(new URLSearchParams(writeQuestion(question).toString()))).toEqual(question);
  });
});

describe("an address that somebody wrote", () => {
  it("ignores what a source does not have", () => {
    const query = new URLSearchParams({
      source: "stages",
      group: "name,toolName,attributes.x",
      measures: "durationMs.p95,tokensPrevented.sum,__proto__",
      by: "constructor",
      top: "-4",
      compare: "x",
    });
    query.append("where", "toolName~eq~x");
    query.append("where", "name~like~x");
    expect(readQuestion(query)).toEqual({
      source: "stages",
      groups: ["name"],
      measures: ["durationMs.p95"],
      timeBucket: "none",
      filters: [],
      top: null,
      compare: "none",
    });
  });

  it("supports every measure and group of the schema", () => {
    for (const source of SOURCES) {
      const { dimensions, measures } = CATALOG[source];
      const question = {
        ...readQuestion(new URLSearchParams({ source })),
        groups: [...dimensions],
        measures: [...measures],
      };
      expect(reread(question)).toEqual(question);
    }
  });
});
