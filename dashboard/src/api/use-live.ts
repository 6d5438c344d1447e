// An answer that the server sends again whenever it has changed.
import { useEffect, useState } from "react";
import { ApiError } from "./errors";
import { follow } from "./follow";
import type { TypedDocumentString } from "./generated";
import { parseJson, writeJson } from "./json";

export interface Live<Data> {
  /** The newest answer; none until the first has come for these variables. */
  data: Data | undefined;
  problem: ApiError | undefined;
}

/** Follow a live question; whoever was away gets the present answer at once. */
export function useLive<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Live<Data> {
  const key = writeJson(variables);
  const [state, setState] = useState<{ key: string } & Live<Data>>();
  useEffect(
    () =>
      follow(document, {
        variables: () => parseJson(key) as Variables,
        onData: (data) => setState({ key, data, problem: undefined }),
        onError: (problem) => setState({ key, data: undefined, problem }),
      }),
    [document, key],
  );
  return state?.key === key ? state : { data: undefined, problem: undefined };
}
