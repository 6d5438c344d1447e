// One request, live: its state and its whole log, through lost connections and restarts of the server.
import { useEffect, useState } from "react";
import { ask } from "../../api/client";
import { ApiError } from "../../api/errors";
import { follow } from "../../api/follow";
import {
  RequestFollowDocument,
  type RequestFollowSubscription,
  RequestLogDocument,
  RequestPageDocument,
  type RequestPageQuery,
} from "../../api/generated";
import { type Batcher, batch } from "../../state/batch";
import { append, EMPTY, type Log, type LogLine } from "./log";

export type RequestNow = NonNullable<RequestPageQuery["request"]>;

export interface Watched {
  /** Undefined while it is on its way, null where there is no such request. */
  request: RequestNow | null | undefined;
  log: Log;
  problem: ApiError | undefined;
  /** Ask for the state at once, because something was done to it. */
  refresh: () => void;
}

const PAGE = 1_000;
const LEAST_MS = 900;
const RETRY_MS = 2_000;
/** A request that failed may run again: it is looked at this often. */
const REOPENED_MS = 5_000;

const NOTHING_TO_DO = () => {};

export function useRequest(id: string): Watched {
  const [shown, setShown] = useState<Omit<Watched, "refresh">>({
    request: undefined,
    log: EMPTY,
    problem: undefined,
  });
  const [refresh, setRefresh] = useState<() => void>(() => NOTHING_TO_DO);
  useEffect(() => {
    const watch = new Watch(id, (change) => setShown((before) => ({ ...before, ...change })));
    setShown({ request: undefined, log: EMPTY, problem: undefined });
    setRefresh(() => watch.refresh);
    void watch.begin();
    return () => watch.stop();
  }, [id]);
  return { ...shown, refresh };
}

class Watch {
  #log = EMPTY;
  #request: RequestNow | undefined;
  #unfollow: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;
  readonly #abort = new AbortController();
  readonly #news: Batcher<RequestFollowSubscription["requestProgress"]>;

  constructor(
    private readonly id: string,
    private readonly show: (change: Partial<Watched>) => void,
  ) {
    this.#news = batch((items) => this.#take(items));
  }

  /** The state and the log so far come by queries, page by page; then the subscription goes on behind them. */
  async begin(): Promise<void> {
    await this.#readState();
    if (!this.#request || this.#abort.signal.aborted) return;
    while ((await this.#readLog()) && !this.#abort.signal.aborted);
    if (!this.#abort.signal.aborted) this.#follow();
  }

  #follow(): void {
    this.#following = true;
    this.#unfollow?.();
    this.#unfollow = follow(RequestFollowDocument, {
      // Events that wait for a frame count, too: they have come.
      variables: () => ({ id: this.id, afterSeq: this.#seen }),
      onData: ({ requestProgress }) => {
        this.#seen = Math.max(this.#seen, Number(requestProgress.seq));
        this.#news.add(requestProgress);
      },
      onComplete: () => {
        this.#following = false;
        this.refresh();
      },
      onError: (problem) => this.show({ problem }),
    });
  }

  #seen = 0;
  #following = false;

  /** Ask for the state soon, not more than once a second. */
  readonly refresh = (): void => {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        void this.#readState();
      },
      Math.max(0, this.#asked + LEAST_MS - Date.now()),
    );
  };

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#unfollow?.();
    this.#news.stop();
  }

  #take(items: RequestFollowSubscription["requestProgress"][]): void {
    this.#keep(items.map(({ event }) => event).filter((event) => event !== null));
    const newest = items.at(-1);
    if (newest && this.#request) {
      const { progress, etaSeconds } = newest;
      this.#request = { ...this.#request, progress, etaSeconds, ...newest.request };
      this.show({ request: this.#request });
    }
    this.refresh();
  }

  #keep(events: readonly LogLine[]): void {
    this.#log = append(this.#log, events);
    this.#seen = Math.max(this.#seen, this.#log.last);
    this.show({ log: this.#log });
  }

  async #readState(): Promise<void> {
    this.#asked = Date.now();
    await this.#try(async () => {
      const { request } = await ask(RequestPageDocument, { id: this.id }, this.#abort.signal);
      if (request) this.#request = request;
      this.show({ request, problem: undefined });
    });
    if (this.#unfollow && !this.#following) this.#watchForRetry();
  }

  /** After the end: a retry leads on, with events behind those that came. */
  #watchForRetry(): void {
    if (this.#abort.signal.aborted || !this.#request) return;
    const { status, lastSeq } = this.#request;
    if (lastSeq > this.#seen) this.#follow();
    else if (status === "FAILED")
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#readState();
      }, REOPENED_MS);
  }

  /** One page of the log; whether there is a further one. */
  async #readLog(): Promise<boolean> {
    let more = false;
    await this.#try(async () => {
      const variables = { id: this.id, afterSeq: this.#log.last, first: PAGE };
      const events = (await ask(RequestLogDocument, variables, this.#abort.signal)).request?.events;
      this.#keep(events?.nodes ?? []);
      more = events?.pageInfo.hasNextPage ?? false;
    });
    return more;
  }

  /** What may pass is tried again until the page is left. */
  async #try(work: () => Promise<void>): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
        this.show({ problem });
        if (!problem.passing) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
