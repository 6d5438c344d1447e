// A query whose answer a component shows: kept while it is asked anew, tried again when the network fails.
import { useCallback, useEffect, useRef, useState } from "react";
import { ask } from "./client";
import { ApiError } from "./errors";
import type { TypedDocumentString } from "./generated";

export interface Queried<Data> {
  /** The newest answer; during a refresh the one before, so that nothing flickers. */
  data: Data | undefined;
  /** Why there is no (newer) answer. */
  problem: ApiError | undefined;
  /** The first answer for these variables is on its way. */
  loading: boolean;
  /** Ask again; several calls within `GATHER_MS` ask once. */
  refresh: () => void;
}

const GATHER_MS = 50;
const RETRY_MS = 2_000;

/** Ask, and ask again whenever the variables change. `null` variables ask nothing. */
export function useQuery<Data, Variables>(
  document: TypedDocumentString<Data, Variables> | string,
  variables: Variables | null,
): Queried<Data> {
  const key = variables === null ? null : JSON.stringify(variables);
  const [state, setState] = useState<{ key: string | null; data?: Data; problem?: ApiError }>({ key: null });
  const [turn, setTurn] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const refresh = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setTurn((present) => present + 1);
    }, GATHER_MS);
  }, []);

  useEffect(() => {
    if (key === null) return;
    const abort = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    ask(document, JSON.parse(key) as Variables, abort.signal).then(
      (data) => setState({ key, data }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
        setState((before) => ({ ...before, key, problem }));
        if (problem.passing) retry = setTimeout(refresh, RETRY_MS);
      },
    );
    return () => {
      abort.abort();
      clearTimeout(retry);
    };
  }, [document, key, turn, refresh]);

  useEffect(() => () => clearTimeout(timer.current), []);

  return {
    data: state.data,
    problem: state.problem,
    loading: key !== null && (state.key !== key || (!state.data && !state.problem)),
    refresh,
  };
}
