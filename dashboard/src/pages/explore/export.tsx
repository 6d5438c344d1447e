// Exports a query: as GraphQL for the IDE, and its rows as a file.
import { useMemo } from "react";
import { Card } from "../../components/surfaces";
import { CopyButton } from "../../components/values";
import { type PageContext, writeDocument, writeExport } from "./document";
import type { Question } from "./question";
import { writeJson } from "../../api/json";

const FORMATS = [
  { format: "csv", text: "CSV" },
  { format: "jsonl", text: "JSON Lines" },
  { format: "parquet", text: "Parquet" },
] as const;

interface ExportProps {
  question: Question;
  context: PageContext;
}

/** Plain links, so that the browser streams the file to disk. */
export function Downloads({ question, context }: ExportProps) {
  const { text, variables } = useMemo(() => writeExport(question, context), [question, context]);
  return (
    <span className="downloads" role="group" aria-label="Export rows">
      {FORMATS.map(({ format, text: name }) => {
        const query = new URLSearchParams({ format, query: text, variables: writeJson(variables) });
        return (
          <a key={format} className="button" href={`/export?${query.toString()}`} download>
            {name}
          </a>
        );
      })}
    </span>
  );
}

export function GraphQLCard({ question, context }: ExportProps) {
  const { text, variables } = useMemo(() => writeDocument(question, context), [question, context]);
  const json = writeJson(variables, 2);
  return (
    <Card title="GraphQL" note="the query of this page">
      <div className="json document">
        <CopyButton text={text} label="document" />
        <pre tabIndex={0} aria-label="Document">
          {text}
        </pre>
      </div>
      <div className="json document">
        <CopyButton text={json} label="variables" />
        <pre tabIndex={0} aria-label="Variables">
          {json}
        </pre>
      </div>
    </Card>
  );
}
