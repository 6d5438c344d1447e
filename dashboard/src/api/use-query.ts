// A query for a component: keeps its data during a refresh and retries transient errors.
import { useCallback, useEffect, useRef, useState } from "react";
import { execute } from "./client";
import { takePrefetched } from "./prefetch";
import { ApiError } from "./errors";
import type { TypedDocumentString } from "./generated";
import { parseJson, writeJson } from "./json";

export interface QueryResult<Data> {
  /** The latest data; during a refresh the previous data, to avoid flicker. */
  data: Data | undefined;
  /** The error of the latest attempt. */
  problem: ApiError | undefined;
  /** Whether the first result for these variables is pending. */
  loading: boolean;
  /** Run the query again after a pending run; calls within `REFRESH_DELAY_MS` are combined. */
  refresh: () => void;
}

const REFRESH_DELAY_MS = 50;
const RETRY_MS = 2_000;

/** Run a query, and run it again whenever the variables change. `null` variables run nothing. */
export function useQuery<Data, Variables>(
  document: TypedDocumentString<Data, Variables> | string,
  variables: Variables | null,
): QueryResult<Data> {
  const key = variables === null ? null : writeJson(variables);
  const [state, setState] = useState<{ key: string | null; data?: Data; problem?: ApiError }>({ key: null });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const rerun = useRef<() => void>(undefined);

  const refresh = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      rerun.current?.();
    }, REFRESH_DELAY_MS);
  }, []);

  useEffect(() => {
    if (key === null) return;
    const runner = new QueryRunner(document, parseJson(key) as Variables, {
      onData: (data) => setState({ key, data }),
      onProblem: (problem) => setState((previous) => ({ ...previous, key, problem })),
    });
    rerun.current = runner.rerunQuery;
    return () => {
      rerun.current = undefined;
      runner.stop();
    };
  }, [document, key]);

  useEffect(() => () => clearTimeout(timer.current), []);

  return {
    data: state.data,
    problem: state.problem,
    loading: key !== null && (state.key !== key || (!state.data && !state.problem)),
    refresh,
  };
}

interface QueryCallbacks<Data> {
  onData: (data: Data) => void;
  onProblem: (problem: ApiError) => void;
}

/** Runs one query at a time. A run requested meanwhile starts after the pending one. */
class QueryRunner<Data, Variables> {
  #abort = new AbortController();
  readonly #document: TypedDocumentString<Data, Variables> | string;
  readonly #variables: Variables;
  readonly #callbacks: QueryCallbacks<Data>;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;
  #isStale = false;

  constructor(
    document: TypedDocumentString<Data, Variables> | string,
    variables: Variables,
    callbacks: QueryCallbacks<Data>,
  ) {
    this.#document = document;
    this.#variables = variables;
    this.#callbacks = callbacks;
    void this.#run(takePrefetched(document, variables));
  }

  readonly rerunQuery = (): void => {
    this.#isStale = true;
    if (!this.#isRunning) void this.#run();
  };

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#retry);
  }

  async #run(prefetched?: Promise<Data>): Promise<void> {
    // A new controller per run, because fetch may keep references to its signal.
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    clearTimeout(this.#retry);
    this.#isRunning = true;
    this.#isStale = false;
    try {
      const data = await (prefetched ?? execute(this.#document, this.#variables, signal));
      if (!signal.aborted) this.#callbacks.onData(data);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
    this.#isRunning = false;
    if (this.#isStale && !signal.aborted) void this.#run();
  }

  #fail(error: unknown): void {
    const problem = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
    this.#callbacks.onProblem(problem);
    if (problem.isTransient) this.#retry = setTimeout(this.rerunQuery, RETRY_MS);
  }
}
