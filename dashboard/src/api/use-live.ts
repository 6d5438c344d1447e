// Live queries: the server sends a new result whenever it has changed.
import { useEffect, useState } from "react";
import { ApiError } from "./errors";
import { subscribe } from "./subscribe";
import type { TypedDocumentString } from "./generated";
import { parseJson, writeJson } from "./json";

export interface Live<Data> {
  /** The latest result for these variables. */
  data: Data | undefined;
  problem: ApiError | undefined;
}

/** Subscribe to a live query; after a reconnect, the server sends the current result immediately. */
export function useLive<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Live<Data> {
  const key = writeJson(variables);
  const [state, setState] = useState<{ key: string } & Live<Data>>();
  useEffect(
    () =>
      subscribe(document, {
        variables: () => parseJson(key) as Variables,
        onData: (data) => setState({ key, data, problem: undefined }),
        onError: (problem) => setState({ key, data: undefined, problem }),
      }),
    [document, key],
  );
  return state?.key === key ? state : { data: undefined, problem: undefined };
}
