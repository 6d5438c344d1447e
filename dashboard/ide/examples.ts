// The documents of the menu: each file begins with a comment, whose first line is its title.

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

/** What stands in the first tab of somebody who comes for the first time. */
export const WELCOME = `# Ctrl-Enter asks this server, as you.
# The book on the left describes every field,
# the sheet on the right has more examples.

${EXAMPLES[0]?.text ?? ""}`;

function titleOf(text: string): string {
  return text.slice(0, text.indexOf("\n")).replace(/^#\s*/, "");
}
