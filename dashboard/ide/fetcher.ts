// Sends what the IDE asks: by POST, and subscriptions over one websocket that opens with the first of them.
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
 * The operation to run. Right after a change of tabs the editor still says the name of the one before: where
 * the document has a single operation, that is the one.
 */
function nameOf({ query, operationName }: FetcherParams): string | null {
  try {
    const operations = parse(query).definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    if (operations.length === 1) return operations[0]?.name?.value ?? null;
  } catch {
    // the server says what is wrong with it
  }
  return operationName ?? null;
}

/** What comes is as it is sent; the type speaks of errors that never left the process that made them. */
function subscribe(params: FetcherParams) {
  return socket.iterate(asked(params)) as AsyncIterableIterator<
    ExecutionResult<Record<string, unknown>, Record<string, unknown>>
  >;
}

async function post(params: FetcherParams, options?: FetcherOpts) {
  const answer = await fetch("/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: { ...options?.headers, "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(asked(params)),
  });
  if (answer.status === 401 && !options?.headers?.["Authorization"]) expireSession();
  // The editor writes the answer as JSON again: its numbers are to keep their digits.
  return JSON.parse(await answer.text(), reviveRawNumber) as ExecutionResult;
}

function asked({ query, variables, operationName }: FetcherParams) {
  return { query, variables: variables as Record<string, unknown>, operationName: operationName ?? null };
}

function isSubscription({ query, operationName }: FetcherParams): boolean {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    return false; // the server says what is wrong with it
  }
}
