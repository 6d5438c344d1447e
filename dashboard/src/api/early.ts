// Questions asked while the page that shows their answers is still being drawn.
import { ask } from "./client";
import type { TypedDocumentString } from "./generated";
import { writeJson } from "./json";

/** An answer that nobody took by then is no longer news. */
const KEPT_MS = 5_000;

const asked = new Map<string, { at: number; answer: Promise<unknown> }>();

function nameOf(document: { toString: () => string }, variables: unknown): string {
  return `${document.toString()} ${writeJson(variables)}`;
}

/** Ask now; the first `takeEarly` with the same question gets the answer. */
export function askEarly<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): void {
  const answer = ask(document, variables);
  // Whoever takes it hears of the failure, and nobody else need.
  answer.catch(() => {});
  asked.set(nameOf(document, variables), { at: Date.now(), answer });
}

/** The answer that is on its way to that question, once. */
export function takeEarly<Data, Variables>(
  document: TypedDocumentString<Data, Variables> | string,
  variables: Variables,
): Promise<Data> | undefined {
  const name = nameOf(document, variables);
  const found = asked.get(name);
  asked.delete(name);
  return found && Date.now() - found.at < KEPT_MS ? (found.answer as Promise<Data>) : undefined;
}
