// Executes documents of the IDE: queries by POST, subscriptions over one websocket.
import type { Fetcher, FetcherOpts, FetcherParams } from "@graphiql/toolkit";
import { type ExecutionResult, getOperationAST, Kind, parse } from "graphql";
import { createClient } from "graphql-ws";
import { reviveRawNumber } from "../src/api/json";
import { expireSession } from "../src/api/session";

const socket = createClient({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
  lazy: true,
  jsonMessageReviver: reviveRawNumber,
  retryAttempts: 100,
});

export const fetcher: Fetcher = (params, options) => {
  const named = { ...params, operationName: nameOf(params) };
  return isSubscription(named) ? subscribe(named) : post(named, options);
};

/**
 * Return the operation to run. After a change of tabs the editor may still report the previous name, so a single
 * operation is run whatever its name.
 */
function nameOf({ query, operationName }: FetcherParams): string | null {
  try {
    const operations = parse(query).definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    if (operations.length === 1) return operations[0]?.name?.value ?? null;
  } catch {
    // The server reports the error.
  }
  return operationName ?? null;
}

/** Results are plain JSON; the declared type expects error objects. */
function subscribe(params: FetcherParams) {
  return socket.iterate(payloadOf(params)) as AsyncIterableIterator<
    ExecutionResult<Record<string, unknown>, Record<string, unknown>>
  >;
}

async function post(params: FetcherParams, options?: FetcherOpts) {
  const answer = await fetch("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { ...options?.headers, "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(payloadOf(params)),
  });
  if (answer.status === 401 && !options?.headers?.["Authorization"]) expireSession();
  // The editor writes the response as JSON again, and its numbers have to keep their digits.
  return JSON.parse(await answer.text(), reviveRawNumber) as ExecutionResult;
}

function payloadOf({ query, variables, operationName }: FetcherParams) {
  return { query, variables: variables as Record<string, unknown>, operationName: operationName ?? null };
}

function isSubscription({ query, operationName }: FetcherParams): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    return false; // the server reports the error
  }
}
