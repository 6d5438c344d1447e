// Writes src/api/generated.ts: types and text of all *.graphql documents, validated against the schema.
import { globSync, readFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typedDocuments from "@graphql-codegen/typed-document-node";
import * as operations from "@graphql-codegen/typescript-operations";
import { GraphQLError, parse, specifiedRules, validate, buildSchema } from "graphql";
import { writeCatalog } from "./catalog.mjs";
import { writeIfChanged } from "./generated-file.mjs";

const SCHEMA = new URL("../../schema/schema.graphql", import.meta.url);
const ROOT = new URL("../", import.meta.url);
const OUTPUT = new URL("../src/api/generated.ts", import.meta.url);

const schemaText = readFileSync(SCHEMA, "utf8");
const schema = buildSchema(schemaText);
writeCatalog(schema);
const documents = globSync("src/**/*.graphql", { cwd: ROOT })
  .sort()
  .map((location) => ({ location, document: parse(readFileSync(new URL(location, ROOT), "utf8")) }));

const problems = validate(
  schema,
  { kind: "Document", definitions: documents.flatMap(({ document }) => document.definitions) },
  specifiedRules,
);
if (problems.length > 0) {
  for (const problem of problems) console.error(new GraphQLError(problem.message, problem).toString());
  process.exit(1);
}

const text = await codegen({
  filename: "generated.ts",
  schema: parse(schemaText),
  documents,
  config: {
    documentMode: "string",
    enumsAsTypes: true,
    enumType: "string-literal",
    useTypeImports: true,
    strictScalars: true,
    scalars: {
      DateTime: "string",
      Duration: "string",
      ID: "string",
      JSON: "unknown",
      Long: "number | bigint",
      Number: "number | bigint",
      TimeRange: "string",
      UUID: "string",
    },
  },
  plugins: [{ operations: {} }, { typedDocuments: {} }],
  pluginMap: { operations, typedDocuments },
});
writeIfChanged(
  OUTPUT,
  `// Generated from schema/schema.graphql and the *.graphql files of this folder; not committed.\n${text}`,
);
