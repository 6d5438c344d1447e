// GraphiQL with examples.
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { ToolbarMenu, ToolbarButton, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { EXAMPLES, type Example, WELCOME } from "./examples";
import { fetcher } from "./fetcher";

export function Ide() {
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultQuery={WELCOME}
      defaultEditorToolsVisibility={false}
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
    >
      <GraphiQL.Logo>
        <a href="/" className="ide-home">
          Trackstore
        </a>
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, copy, merge }) => (
          <>
            <Examples />
            {prettify}
            {merge}
            {copy}
          </>
        )}
      </GraphiQL.Toolbar>
    </GraphiQL>
  );
}

/** Open an example in a new tab. */
function Examples() {
  const { addTab } = useGraphiQLActions();
  const editor = useGraphiQL((state) => state.queryEditor);
  const open = (example: Example) => {
    addTab();
    editor?.setValue(example.text);
    editor?.focus();
  };
  return (
    <ToolbarMenu
      button={
        <ToolbarButton label="Examples">
          <svg
            className="graphiql-toolbar-icon"
            viewBox="0 0 16 16"
            fill="none"
            stroke="currentColor"
            aria-hidden="true"
          >
            <path d="M3 2.5h7l3 3v8H3zM5.5 7h5M5.5 9.5h5M5.5 5h2" />
          </svg>
        </ToolbarButton>
      }
    >
      {EXAMPLES.map((example) => (
        <ToolbarMenu.Item key={example.title} onSelect={() => open(example)}>
          {example.title}
        </ToolbarMenu.Item>
      ))}
    </ToolbarMenu>
  );
}
