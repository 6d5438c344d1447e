// Queries sent while the page that shows their results is still loading.
import { execute } from "./client";
import type { TypedDocumentString } from "./generated";
import { writeJson } from "./json";

/** Older results are discarded. */
const MAX_AGE_MS = 5_000;

const pending = new Map<string, { sentAt: number; result: Promise<unknown> }>();

function cacheKey(document: { toString: () => string }, variables: unknown): string {
  return `${document.toString()} ${writeJson(variables)}`;
}

/** Send a query now; the first `takePrefetched` with the same query gets the result. */
export function prefetch<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): void {
  const result = execute(document, variables);
  // The error is reported to the caller that takes the result.
  result.catch(() => {});
  pending.set(cacheKey(document, variables), { sentAt: Date.now(), result });
}

/** Return the pending result of that query, once. */
export function takePrefetched<Data, Variables>(
  document: TypedDocumentString<Data, Variables> | string,
  variables: Variables,
): Promise<Data> | undefined {
  const key = cacheKey(document, variables);
  const entry = pending.get(key);
  pending.delete(key);
  return entry && Date.now() - entry.sentAt < MAX_AGE_MS ? (entry.result as Promise<Data>) : undefined;
}
