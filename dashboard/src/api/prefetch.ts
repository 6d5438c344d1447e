// Queries sent while the page that shows their results is still loading.
import { ask } from "./client";
import type { TypedDocumentString } from "./generated";
import { writeJson } from "./json";

/** Older results are discarded. */
const KEPT_MS = 5_000;

const asked = new Map<string, { at: number; answer: Promise<unknown> }>();

function nameOf(document: { toString: () => string }, variables: unknown): string {
  return `${document.toString()} ${writeJson(variables)}`;
}

/** Send a query now; the first `takePrefetched` with the same query gets the result. */
export function prefetch<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): void {
  const answer = ask(document, variables);
  // The failure is reported to whoever takes the result.
  answer.catch(() => {});
  asked.set(nameOf(document, variables), { at: Date.now(), answer });
}

/** Return the pending result of that query, once. */
export function takePrefetched<Data, Variables>(
  document: TypedDocumentString<Data, Variables> | string,
  variables: Variables,
): Promise<Data> | undefined {
  const name = nameOf(document, variables);
  const found = asked.get(name);
  asked.delete(name);
  return found && Date.now() - found.at < KEPT_MS ? (found.answer as Promise<Data>) : undefined;
}
