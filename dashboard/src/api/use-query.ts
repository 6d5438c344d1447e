// A query whose answer a component shows: kept while it is asked again, tried again when the network fails.
import { useCallback, useEffect, useRef, useState } from "react";
import { ask } from "./client";
import { takePrefetched } from "./prefetch";
import { ApiError } from "./errors";
import type { TypedDocumentString } from "./generated";
import { parseJson, writeJson } from "./json";

export interface Queried<Data> {
  /** The newest answer; during a refresh the one before, so that nothing flickers. */
  data: Data | undefined;
  /** Why there is no (newer) answer. */
  problem: ApiError | undefined;
  /** The first answer for these variables is on its way. */
  loading: boolean;
  /** Ask again, once what was asked is answered; several calls within `GATHER_MS` ask once. */
  refresh: () => void;
}

const GATHER_MS = 50;
const RETRY_MS = 2_000;

/** Ask, and ask again whenever the variables change. `null` variables ask nothing. */
export function useQuery<Data, Variables>(
  document: TypedDocumentString<Data, Variables> | string,
  variables: Variables | null,
): Queried<Data> {
  const key = variables === null ? null : writeJson(variables);
  const [state, setState] = useState<{ key: string | null; data?: Data; problem?: ApiError }>({ key: null });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const askNow = useRef<() => void>(undefined);

  const refresh = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      askNow.current?.();
    }, GATHER_MS);
  }, []);

  useEffect(() => {
    if (key === null) return;
    const asking = new QueryRunner(document, parseJson(key) as Variables, {
      onData: (data) => setState({ key, data }),
      onProblem: (problem) => setState((before) => ({ ...before, key, problem })),
    });
    askNow.current = asking.again;
    return () => {
      askNow.current = undefined;
      asking.stop();
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

interface Heard<Data> {
  onData: (data: Data) => void;
  onProblem: (problem: ApiError) => void;
}

/** One question, asked at once and again: an answer on its way is waited for, not thrown away. */
class QueryRunner<Data, Variables> {
  #abort = new AbortController();
  readonly #document: TypedDocumentString<Data, Variables> | string;
  readonly #variables: Variables;
  readonly #heard: Heard<Data>;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #wanted = false;

  constructor(
    document: TypedDocumentString<Data, Variables> | string,
    variables: Variables,
    heard: Heard<Data>,
  ) {
    this.#document = document;
    this.#variables = variables;
    this.#heard = heard;
    void this.#run(takePrefetched(document, variables));
  }

  readonly again = (): void => {
    this.#wanted = true;
    if (!this.#busy) void this.#run();
  };

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#retry);
  }

  async #run(early?: Promise<Data>): Promise<void> {
    // One for each time: what a signal is handed to, it may keep.
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    clearTimeout(this.#retry);
    this.#busy = true;
    this.#wanted = false;
    try {
      const data = await (early ?? ask(this.#document, this.#variables, signal));
      if (!signal.aborted) this.#heard.onData(data);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
    this.#busy = false;
    if (this.#wanted && !signal.aborted) void this.#run();
  }

  #fail(error: unknown): void {
    const problem = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
    this.#heard.onProblem(problem);
    if (problem.passing) this.#retry = setTimeout(this.again, RETRY_MS);
  }
}
