// Sends queries and mutations to the server of this page.
import { ApiError, toApiError } from "./errors";
import type { TypedDocumentString } from "./generated";
import { recordServerTime } from "../state/now";
import { parseJson, writeJson } from "./json";
import { expireSession } from "./session";

/** Execute a document and return its data; throw an ApiError otherwise. */
export async function execute<Data, Variables>(
  document: TypedDocumentString<Data, Variables> | string,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  const response = await post(document.toString(), variables, signal);
  recordServerTime(response.headers.get("date"));
  const body = await readJson(response);
  if (!body.errors?.length) return body.data as Data;
  const problem = toApiError(body.errors);
  if (problem.isUnauthenticated) expireSession();
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

interface ResponseBody {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: unknown } }[];
}

async function readJson(response: Response): Promise<ResponseBody> {
  try {
    return parseJson(await response.text()) as ResponseBody;
  } catch {
    if (response.status === 401)
      return { errors: [{ message: "Sign in to continue.", extensions: { code: "UNAUTHENTICATED" } }] };
    const code = response.status >= 500 ? "NETWORK" : "INTERNAL";
    throw new ApiError(
      code,
      `The server responded with status ${response.status} ${response.statusText}`.trim(),
    );
  }
}
