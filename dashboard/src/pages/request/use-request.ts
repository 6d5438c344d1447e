// A live request: its state and whole log, across lost connections and server restarts.
import { useEffect, useState } from "react";
import { execute } from "../../api/client";
import { ApiError } from "../../api/errors";
import { subscribe } from "../../api/subscribe";
import {
  RequestFollowDocument,
  type RequestFollowSubscription,
  RequestLogDocument,
  RequestPageDocument,
  type RequestPageQuery,
} from "../../api/generated";
import { type Batcher, batch } from "../../state/batch";
import { append, EMPTY_LOG, type Log, type LogLine } from "./log";

export type RequestNow = NonNullable<RequestPageQuery["request"]>;

export interface RequestView {
  /** Undefined while loading, null if it does not exist. */
  request: RequestNow | null | undefined;
  log: Log;
  problem: ApiError | undefined;
  /** Read the state again, for example after an action. */
  refresh: () => void;
}

const PAGE_SIZE = 1_000;
const MIN_READ_INTERVAL_MS = 900;
const RETRY_MS = 2_000;
/** How often a failed request is checked for a retry. */
const RETRY_CHECK_MS = 5_000;

const NO_OP = () => {};

export function useRequest(id: string): RequestView {
  const [view, setView] = useState<Omit<RequestView, "refresh">>({
    request: undefined,
    log: EMPTY_LOG,
    problem: undefined,
  });
  const [refresh, setRefresh] = useState<() => void>(() => NO_OP);
  useEffect(() => {
    const watcher = new RequestWatcher(id, (change) => setView((previous) => ({ ...previous, ...change })));
    setView({ request: undefined, log: EMPTY_LOG, problem: undefined });
    setRefresh(() => watcher.refresh);
    void watcher.start();
    return () => watcher.stop();
  }, [id]);
  return { ...view, refresh };
}

class RequestWatcher {
  #log = EMPTY_LOG;
  #request: RequestNow | undefined;
  #unsubscribe: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastReadAt = 0;
  readonly #abort = new AbortController();
  readonly #updates: Batcher<RequestFollowSubscription["requestProgress"]>;

  constructor(
    private readonly id: string,
    private readonly onChange: (change: Partial<RequestView>) => void,
  ) {
    this.#updates = batch((items) => this.#applyUpdates(items));
  }

  /** Query the state and the log page by page, then subscribe to what follows. */
  async start(): Promise<void> {
    await this.#readState();
    if (!this.#request || this.#abort.signal.aborted) return;
    while ((await this.#readLog()) && !this.#abort.signal.aborted);
    if (!this.#abort.signal.aborted) this.#follow();
  }

  #follow(): void {
    this.#isFollowing = true;
    this.#unsubscribe?.();
    this.#unsubscribe = subscribe(RequestFollowDocument, {
      // Includes events that wait for the next frame.
      variables: () => ({ id: this.id, afterSeq: this.#lastSeq }),
      onData: ({ requestProgress }) => {
        this.#lastSeq = Math.max(this.#lastSeq, Number(requestProgress.seq));
        this.#updates.add(requestProgress);
      },
      onComplete: () => {
        this.#isFollowing = false;
        this.refresh();
      },
      onError: (problem) => this.onChange({ problem }),
    });
  }

  #lastSeq = 0;
  #isFollowing = false;

  /** Read the state soon, at most about once a second. */
  readonly refresh = (): void => {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.#readState();
      },
      Math.max(0, this.#lastReadAt + MIN_READ_INTERVAL_MS - Date.now()),
    );
  };

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#unsubscribe?.();
    this.#updates.stop();
  }

  #applyUpdates(items: RequestFollowSubscription["requestProgress"][]): void {
    this.#appendEvents(items.map(({ event }) => event).filter((event) => event !== null));
    const newest = items.at(-1);
    if (newest && this.#request) {
      const { progress, etaSeconds } = newest;
      this.#request = { ...this.#request, progress, etaSeconds, ...newest.request };
      this.onChange({ request: this.#request });
    }
    this.refresh();
  }

  #appendEvents(events: readonly LogLine[]): void {
    this.#log = append(this.#log, events);
    this.#lastSeq = Math.max(this.#lastSeq, this.#log.last);
    this.onChange({ log: this.#log });
  }

  async #readState(): Promise<void> {
    this.#lastReadAt = Date.now();
    await this.#withRetry(async () => {
      const { request } = await execute(RequestPageDocument, { id: this.id }, this.#abort.signal);
      if (request) this.#request = request;
      this.onChange({ request, problem: undefined });
    });
    if (this.#unsubscribe && !this.#isFollowing) this.#watchForRetry();
  }

  /** After the end, check for a retry, which adds events. */
  #watchForRetry(): void {
    if (this.#abort.signal.aborted || !this.#request) return;
    const { status, lastSeq } = this.#request;
    if (lastSeq > this.#lastSeq) this.#follow();
    else if (status === "FAILED")
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#readState();
      }, RETRY_CHECK_MS);
  }

  /** Read one page of the log; return whether there are more. */
  async #readLog(): Promise<boolean> {
    let hasMore = false;
    await this.#withRetry(async () => {
      const variables = { id: this.id, afterSeq: this.#log.last, first: PAGE_SIZE };
      const events = (await execute(RequestLogDocument, variables, this.#abort.signal)).request?.events;
      this.#appendEvents(events?.nodes ?? []);
      hasMore = events?.pageInfo.hasNextPage ?? false;
    });
    return hasMore;
  }

  /** Retry transient errors until the page is closed. */
  async #withRetry(attempt: () => Promise<void>): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        return await attempt();
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
        this.onChange({ problem });
        if (!problem.isTransient) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
