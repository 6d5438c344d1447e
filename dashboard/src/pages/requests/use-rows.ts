// Live list of requests: loads a page, then refetches changed requests in batches.
import { useCallback, useEffect, useRef, useState } from "react";
import { ask } from "../../api/client";
import { ApiError } from "../../api/errors";
import { follow } from "../../api/follow";
import {
  type EventFilter,
  type RequestFilter,
  RequestEventsDocument,
  RequestRowsDocument,
  RequestListDocument,
} from "../../api/generated";
import { type RequestRow, MAX_ROWS, mergeRows } from "./rows";
import { parseJson, writeJson } from "../../api/json";

const PAGE = 50;
const NEWS_MS = 700;
/** More news than this at once, and the first page is read again instead. */
const MOST_NEWS = 100;
const RETRY_MS = 2_000;

export interface RequestRows {
  rows: readonly RequestRow[] | undefined;
  /** How many match, as of the last time a page was read. */
  total: number | undefined;
  more: boolean;
  problem: ApiError | undefined;
  loadMore: () => void;
}

interface State {
  rows?: readonly RequestRow[];
  total?: number;
  more?: boolean;
  problem?: ApiError;
}

export function useRows(where: RequestFilter, events: EventFilter): RequestRows {
  const key = writeJson([where, events]);
  const [state, setState] = useState<State>({});
  const list = useRef<LiveList>(undefined);
  useEffect(() => {
    const [filter, moving] = parseJson(key) as [RequestFilter, EventFilter];
    const live = new LiveList(filter, moving, setState);
    list.current = live;
    setState({});
    void live.begin();
    return () => live.stop();
  }, [key]);
  const loadMore = useCallback(() => void list.current?.loadMore(), []);
  const { rows, total, problem, more = false } = state;
  return { rows, total, problem, loadMore, more: more && (rows?.length ?? 0) < MAX_ROWS };
}

/** One list with one filter, from its first page until it is left. */
class LiveList {
  #state: State = {};
  #cursor: string | null = null;
  /** How many rows are shown at most: new ones push out those at the end. */
  #wanted = PAGE;
  #news = new Set<string>();
  #overflowed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unfollow: (() => void) | undefined;
  readonly #abort = new AbortController();

  constructor(
    private readonly where: RequestFilter,
    private readonly events: EventFilter,
    private readonly show: (state: State) => void,
  ) {}

  /** Where the feed stands is asked before the page is: what comes between the two is heard. */
  async begin(): Promise<void> {
    await this.#read();
    if (this.#abort.signal.aborted) return;
    this.#unfollow = follow(RequestEventsDocument, {
      variables: () => ({ where: this.events, after: this.#cursor }),
      onData: ({ requestEvents: item }) => {
        if ("toCursor" in item) {
          this.#cursor = item.toCursor;
          this.#overflowed = true;
        } else {
          this.#cursor = item.feedCursor ?? this.#cursor;
          if (this.#news.size <= MOST_NEWS) this.#news.add(item.requestId);
        }
        this.#timer ??= setTimeout(() => void this.#heed(), NEWS_MS);
      },
    });
  }

  /** All of it again, and longer: what was shown may have moved meanwhile. */
  async loadMore(): Promise<void> {
    this.#wanted = Math.min(MAX_ROWS, this.#wanted + PAGE);
    await this.#read();
  }

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#unfollow?.();
  }

  async #read(): Promise<void> {
    await this.#try(async () => {
      const variables = { where: this.where, first: this.#wanted };
      const { feedCursors, requests } = await ask(RequestListDocument, variables, this.#abort.signal);
      this.#cursor ??= feedCursors.requestEvents;
      this.#set({
        rows: requests.nodes,
        more: requests.pageInfo.hasNextPage,
        total: Number(requests.totalCount),
      });
    });
  }

  /** Ask for what moved; those that match are shown, the others are not, or no longer. */
  async #heed(): Promise<void> {
    const news = this.#news;
    const tooMany = this.#overflowed || news.size > MOST_NEWS;
    this.#news = new Set();
    this.#overflowed = false;
    if (tooMany) await this.#read();
    else {
      await this.#try(async () => {
        const where = { and: [this.where, { id: [...news] }] };
        const data = await ask(RequestRowsDocument, { where }, this.#abort.signal);
        this.#merge(news, data.requests.nodes);
      });
    }
    this.#timer =
      this.#news.size > 0 || this.#overflowed ? setTimeout(() => void this.#heed(), NEWS_MS) : undefined;
  }

  #merge(asked: ReadonlySet<string>, found: readonly RequestRow[]): void {
    const { rows: before = [], more = false, total = before.length } = this.#state;
    const all = mergeRows(before, asked, found, more);
    this.#set({
      rows: all.slice(0, this.#wanted),
      more: more || all.length > this.#wanted,
      total: Math.max(all.length, total + all.length - before.length),
    });
  }

  /** What may pass is tried again until the list is left. */
  async #try(work: () => Promise<void>): Promise<void> {
    while (!this.#abort.signal.aborted) {
      try {
        await work();
        return;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
        this.#set({ problem });
        if (!problem.passing) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #set(change: State): void {
    const { problem: _, ...rest } = this.#state;
    this.#state = { ...rest, ...change };
    if (!this.#abort.signal.aborted) this.show(this.#state);
  }
}
