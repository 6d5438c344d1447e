// The examples of the menu. The first line of each file is a comment with its title.

export interface Example {
  title: string;
  text: string;
}

const files = import.meta.glob<string>("./examples/*.graphql", {
  query: "?raw",
  import: "default",
  eager: true,
});

export const EXAMPLES: readonly Example[] = Object.keys(files)
  .sort()
  .map((name) => files[name] ?? "")
  .map((text) => ({ title: titleOf(text), text }));

/** Content of the first tab on the first visit. */
export const WELCOME = `# Press Ctrl-Enter to run this query.
# The docs on the left describe every field;
# the toolbar has more examples.

${EXAMPLES[0]?.text ?? ""}`;

function titleOf(text: string): string {
  return text.slice(0, text.indexOf("\n")).replace(/^#\s*/, "");
}
