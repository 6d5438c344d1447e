// Sends what the IDE asks: by POST, and subscriptions over one websocket that opens with the first of them.
import type { Fetcher, FetcherOpts, FetcherParams } from "@graphiql/toolkit";
import { type ExecutionResult, getOperationAST, parse } from "graphql";
import { createClient } from "graphql-ws";
import { reviveRaw } from "../src/api/json";
import { expireSession } from "../src/api/session";

const socket = createClient({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
  lazy: true,
  jsonMessageReviver: reviveRaw,
  retryAttempts: 100,
});

export const fetcher: Fetcher = (params, options) =>
  isSubscription(params) ? follow(params) : post(params, options);

/** What comes is as it is sent; the type speaks of errors that never left the process that made them. */
function follow(params: FetcherParams) {
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
  return JSON.parse(await answer.text(), reviveRaw) as ExecutionResult;
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
