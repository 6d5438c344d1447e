// Queries and mutations: one POST each, to the server that the page came from.
import { ApiError, problemOf } from "./errors";
import type { TypedDocumentString } from "./generated";
import { noteServerTime } from "../state/now";
import { parseJson, writeJson } from "./json";
import { expireSession } from "./session";

/** The data of an answer; everything else is an ApiError. */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables> | string,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  const response = await post(document.toString(), variables, signal);
  noteServerTime(response.headers.get("date"));
  const answer = await readJson(response);
  if (!answer.errors?.length) return answer.data as Data;
  const problem = problemOf(answer.errors);
  if (problem.signedOut) expireSession();
  throw problem;
}

async function post(query: string, variables: unknown, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch("/graphql", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: writeJson({ query, variables }),
      signal: signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("NETWORK", "The server is unreachable.");
  }
}

interface Answer {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: unknown } }[];
}

async function readJson(response: Response): Promise<Answer> {
  try {
    return parseJson(await response.text()) as Answer;
  } catch {
    if (response.status === 401)
      return { errors: [{ message: "Sign in.", extensions: { code: "UNAUTHENTICATED" } }] };
    const code = response.status >= 500 ? "NETWORK" : "INTERNAL";
    throw new ApiError(code, `The server answered ${response.status} ${response.statusText}`.trim());
  }
}
